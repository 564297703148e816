#include "core/pipeline/patient_invoker.h"

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <functional>

namespace tidemill {
namespace {

/// Reads the objects of all events, then answers as it is told.
class Reader final : public Invoker {
 public:
  explicit Reader(std::function<Answer(bool all_read)> answer) : answer_(std::move(answer)) {}
  const FunctionTraits& traits() const override { return traits_; }
  std::string_view version() const override { return "7"; }
  Task<Answer> invoke(const Request& request) override {
    bool all_read = true;
    for (const Event& event : request.events)
      if (!request.read_object(event, 10)) all_read = false;
    co_return answer_(all_read);
  }

 private:
  const FunctionTraits traits_;
  const std::function<Answer(bool)> answer_;
};

Answer failing(Fault fault) {
  Answer answer;
  answer.failures.push_back({1, fault, "no object"});
  return answer;
}

Answer invoke(std::function<Answer(bool)> handler, Result<Bytes> second) {
  PatientInvoker invoker(std::make_unique<Reader>(std::move(handler)));
  std::array<Event, 2> events;
  events[1].subject = "b";
  Request request{.events = events, .request_id = "r", .read_object = {}};
  request.read_object = [&second](const Event& event, std::uint64_t) {
    return event.subject == "b" ? second : Result<Bytes>(Bytes());
  };
  boost::asio::io_context context;
  auto answer = co_spawn(context, invoker.invoke(request), boost::asio::use_future);
  context.run();
  return answer.get();
}

TEST(PatientInvoker, ABatchWhoseObjectNobodyAnswersForIsPutOff) {
  const auto answer = invoke([](bool) { return failing(Fault::transient); },
                             fail(Fault::unavailable, "the server is away"));

  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->fault, Fault::throttled);
  EXPECT_EQ(answer.error->message, "the server is away");
  EXPECT_TRUE(answer.failures.empty());
}

TEST(PatientInvoker, ABatchThatFailsAsAWholeForWantOfAnObjectIsPutOff) {
  const auto handler = [](bool) {
    Answer answer;
    answer.error = Error{Fault::transient, "I gave up"};
    return answer;
  };

  EXPECT_EQ(invoke(handler, fail(Fault::unavailable, "away")).error->fault, Fault::throttled);
}

TEST(PatientInvoker, AnObjectThatIsGoneIsTheEventsOwnFault) {
  const auto answer =
      invoke([](bool) { return failing(Fault::bad_event); }, fail(Fault::bad_event, "it is gone"));

  EXPECT_FALSE(answer.error);
  EXPECT_EQ(answer.failures.size(), 1U);
}

TEST(PatientInvoker, AFailureOfTheHandlersOwnIsNotTheServers) {
  const auto answer = invoke([](bool) { return failing(Fault::transient); }, Bytes());

  EXPECT_FALSE(answer.error);
  EXPECT_EQ(answer.failures.size(), 1U);
}

TEST(PatientInvoker, AHandlerThatMakesDoWithoutTheObjectIsBelieved) {
  const auto handler = [](bool all_read) {
    EXPECT_FALSE(all_read);
    return Answer{};
  };
  const auto answer = invoke(handler, fail(Fault::unavailable, "away"));

  EXPECT_FALSE(answer.error);
}

}  // namespace
}  // namespace tidemill
