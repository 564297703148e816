// A function in worker processes as a pipeline reaches it: from coroutines on the executor.
#include "core/pipeline/isolated_function.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/asio_scheduler.h"
#include "tidemill/testing/recording_log.h"

namespace tidemill {
namespace {

std::string worker_testdata() {
  const auto here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  return (here.parent_path() / "worker" / "testdata").string();
}

class IsolatedFunctionTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<IsolatedFunction>> make() {
    auto plugin = Plugin::load(worker_testdata() + "/unruly.so");
    EXPECT_TRUE(plugin) << plugin.error().message;
    NativeHost host{.now = &steady_now,
                    .log = &log_,
                    .read_row = {},
                    .memory_bytes_max = plan_.memory.value,
                    .function = "f"};
    return IsolatedFunction::make(plan_, *plugin, std::move(host),
                                  {.program = worker_testdata() + "/worker_program"}, scheduler_,
                                  2);
  }

  Task<> invoke(Invoker& invoker, std::string_view order, std::string& row) {
    Event event;
    event.key = "k";
    event.data = Bytes::forever(order);
    Request request;
    request.events = {&event, 1};
    request.timeout = std::chrono::seconds(60);
    const Answer answer = co_await invoker.invoke(request);
    row = answer.effects.empty() ? "nothing" : std::string(answer.effects[0].data);
    if (++ended_ == 2) scheduler_.stop();
  }

  AsioScheduler scheduler_{1};
  testing::RecordingLog log_;
  FunctionPlan plan_;
  int ended_ = 0;
};

TEST_F(IsolatedFunctionTest, AnswersOnTheExecutor) {
  auto function = make();
  ASSERT_TRUE(function) << function.error().message;
  const auto invoker = (*function)->invoker();
  std::string first, second;
  spawn(scheduler_, invoke(*invoker, "say one", first));
  spawn(scheduler_, invoke(*invoker, "say two", second));
  scheduler_.run();
  EXPECT_EQ(first, "one");
  EXPECT_EQ(second, "two");
}

TEST_F(IsolatedFunctionTest, WithAReserveOfOneOneWorkerServesAll) {
  plan_.reserved = 1;
  plan_.provisioned = 1;
  auto function = make();
  ASSERT_TRUE(function) << function.error().message;
  const auto invoker = (*function)->invoker();
  std::string first, second;
  spawn(scheduler_, invoke(*invoker, "pid", first));
  spawn(scheduler_, invoke(*invoker, "pid", second));
  scheduler_.run();
  EXPECT_EQ(first, second);
}

TEST_F(IsolatedFunctionTest, SaysWhatThePluginSaysOfItsConfiguration) {
  plan_.config = {{"at_start", "refuse"}};
  const auto function = make();
  ASSERT_FALSE(function);
  EXPECT_EQ(function.error().fault, Fault::bad_config);
}

}  // namespace
}  // namespace tidemill
