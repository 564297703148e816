// Sinks whose effects are written in transactions: what may stand beside them.
#include <gmock/gmock.h>

#include <memory>
#include <string>

#include "core/config/testing/fakes.h"
#include "tidemill/transactional_sink.h"

namespace tidemill::config {
namespace {

using testing::Desk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct BankOptions {};

class FakeBank final : public TransactionalSink {
 public:
  SinkTraits traits() const override {
    return {.idempotence = Idempotence::atomic, .takes_messages = true};
  }
  std::string place() const override { return "bank:"; }
  Task<Result<>> open() override { co_return Result<>{}; }
  Task<Result<std::uint64_t>> recover(std::optional<InDoubt>) override {
    co_return std::uint64_t{0};
  }
  Task<Result<>> begin(std::uint64_t) override { co_return Result<>{}; }
  Task<std::vector<Result<>>> write(SinkBatch) override { co_return std::vector<Result<>>{}; }
  Task<Result<>> prepare() override { co_return Result<>{}; }
  Task<Result<>> commit() override { co_return Result<>{}; }
  Task<> abort() override { co_return; }
  Task<> close() override { co_return; }
};

class TransactionalSinks : public ::testing::Test {
 protected:
  TransactionalSinks() {
    desk_.registry().add_sink(
        "bank", Idempotence::atomic, ConfigSpec<BankOptions>("Accounts."),
        [](const BankOptions&, const Services&) { return std::make_unique<FakeBank>(); });
  }

  static std::string pipeline(const std::string& sinks, const std::string& more = "") {
    return "pipelines:\n  p:\n    source: { generate: {} }\n    sinks: { " + sinks + " }\n" + more;
  }

  Desk desk_;
};

TEST_F(TransactionalSinks, StandBesideTablesAndOtherSinks) {
  EXPECT_THAT(desk_.problems(pipeline("a: { bank: {} }, rows: { aggregate: { key: .k, count: true "
                                      "} }, out: { hook: { url: x } }")),
              IsEmpty());
}

TEST_F(TransactionalSinks, AreOneInAPipeline) {
  EXPECT_THAT(desk_.problems(pipeline("a: { bank: {} }, b: { bank: {} }")),
              ElementsAre("4:31: sinks a and b both write in transactions, which cannot commit "
                          "together; give each a pipeline of its own, behind a log"));
}

TEST_F(TransactionalSinks, NeedNoQueueOfTheirOwn) {
  EXPECT_THAT(desk_.problems(pipeline("a: { bank: {}, delivery: queue }")),
              ElementsAre("4:39: what goes to sink a commits with its events, without a queue; "
                          "remove delivery: queue"));
}

TEST_F(TransactionalSinks, TakeNoRecordsOfWhatBecameOfEvents) {
  EXPECT_THAT(
      desk_.problems(pipeline("out: { hook: { url: x } }", "    on_failure: { bank: {} }\n")),
      ElementsAre("5:19: on_failure cannot write in transactions; write to it without, or "
                  "from a pipeline of its own, behind a log"));
}

TEST_F(TransactionalSinks, LetRecordsOfWhatBecameOfEventsGoOnlyWhereTheyCommitToo) {
  EXPECT_THAT(desk_.problems(pipeline("a: { bank: {} }", "    on_success: { hook: { url: x } }\n")),
              ElementsAre("5:19: on_success would be written before sink a can say what became of "
                          "an event; send it to a log, and from there on by a pipeline of its "
                          "own"));
  EXPECT_THAT(
      desk_.problems(pipeline("a: { bank: {} }", "    on_failure: { log: { name: died } }\n")),
      IsEmpty());
}

}  // namespace
}  // namespace tidemill::config
