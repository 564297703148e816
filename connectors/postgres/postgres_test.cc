#include "postgres.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "server.h"
#include "tidemill/testing/real_scheduler.h"
#include "tidemill/testing/recording_log.h"

namespace tidemill::postgres {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PostgresTest : public ::testing::Test {
 protected:
  PostgresTest() { register_with(registry_); }

  Result<std::unique_ptr<Sink>> build(ResolvedOptions options) {
    options.insert(options.begin(), {"table", "orders"});
    const auto compile =
        [](std::string_view text) -> Result<std::shared_ptr<const EventExpression>> {
      return fail(Fault::bad_config, "cannot read " + std::string(text));
    };
    return registry_.sinks()
        .find("postgres")
        ->second.build(
            options,
            {.scheduler = scheduler_, .log = log_, .data_folder = "/nowhere", .compile = compile});
  }

  // Why it is refused; empty where it is not.
  std::string refusal(ResolvedOptions options) {
    const auto built = build(std::move(options));
    if (built) return {};
    EXPECT_EQ(built.error().fault, Fault::bad_config);
    return built.error().message;
  }

  static std::map<std::string, std::string> parameters(const SinkConfig& config) {
    const auto server = server_of(config);
    EXPECT_TRUE(server);
    if (!server) return {};
    return {server->parameters.begin(), server->parameters.end()};
  }

  Registry registry_;
  testing::RealScheduler scheduler_;
  testing::RecordingLog log_;
};

TEST_F(PostgresTest, AUrlOrAHostAndATableAreEnough) {
  EXPECT_EQ(refusal({{"url", "postgres://tide@db/shop"}}), "");
  EXPECT_EQ(refusal({{"host", "db"}}), "");
  EXPECT_THAT(refusal({}), HasSubstr("give a url or a host"));
  EXPECT_THAT(refusal({{"url", "postgres:///shop"}}), HasSubstr("it names no host"));
}

TEST_F(PostgresTest, ThePlaceIsServerDatabaseAndTable) {
  EXPECT_EQ(build({{"url", "postgres://tide@db:5433/shop"}}).value()->place(),
            "postgres:db:5433/shop/orders");
  EXPECT_EQ(build({{"host", "/run/postgresql"}, {"user", "tide"}}).value()->place(),
            "postgres:/run/postgresql:5432/tide/orders");
}

TEST_F(PostgresTest, AUrlHasNoPasswordAndNothingElseThatIsSaidElsewhere) {
  const std::string refused = refusal({{"url", "postgres://tide:very-secret@db/shop"}});
  EXPECT_THAT(refused, HasSubstr("leave the password out"));
  EXPECT_THAT(refused, Not(HasSubstr("very-secret")));
  EXPECT_THAT(refusal({{"url", "postgres://db/shop?sslmode=disable"}}), HasSubstr("sslmode"));
  EXPECT_THAT(refusal({{"url", "postgres://db/shop"}, {"database", "other"}}),
              HasSubstr("database stands in the url too"));
  EXPECT_THAT(refusal({{"url", "mysql://db/shop"}}), HasSubstr("postgres://"));
  EXPECT_THAT(refusal({{"url", "postgres://tide:very-secret@db:x:y/shop"}}),
              Not(HasSubstr("very-secret")));
}

TEST_F(PostgresTest, WhatIsDoneAboutAConflictNeedsAKey) {
  EXPECT_THAT(refusal({{"host", "db"}, {"on_conflict", "update"}}), HasSubstr("need a key"));
  EXPECT_EQ(refusal({{"host", "db"}, {"on_conflict", "ignore"}, {"id_column", "event"}}), "");
  EXPECT_THAT(refusal({{"host", "db"}, {"key", "a"}, {"copy", "true"}}), HasSubstr("copy: true"));
  EXPECT_EQ(refusal({{"host", "db"}, {"id_column", "event"}, {"copy", "true"}}), "");
  EXPECT_THAT(refusal({{"host", "db"}, {"key", "a"}, {"key", "a"}}), HasSubstr("twice in key"));
}

TEST_F(PostgresTest, ColumnsAreCompiled) {
  EXPECT_EQ(refusal({{"host", "db"}, {"columns", R"({"a": ".a | ("})"}}),
            "columns: a: cannot read .a | (");
}

TEST_F(PostgresTest, AServerThatIsNotThisMachineHasToProveWhoItIs) {
  const auto mode = [](const char* host, const TlsOptions& tls) {
    return parameters({.host = host, .tls = tls})["sslmode"];
  };
  EXPECT_EQ(mode("db.example.org", {}), "verify-full");
  EXPECT_EQ(mode("127.0.0.1", {}), "prefer");
  EXPECT_EQ(mode("/run/postgresql", {}), "prefer");
  EXPECT_EQ(mode("localhost,db", {}), "verify-full");
  EXPECT_EQ(mode("127.0.0.1", {.enabled = true}), "verify-full");
  EXPECT_EQ(mode("db", {.enabled = false}), "disable");
  EXPECT_EQ(mode("db", {.verify = false}), "require");
  const auto own = parameters({.host = "db", .tls = {.ca = FilePath{"/ca.pem"}}});
  EXPECT_EQ(own.at("sslrootcert"), "/ca.pem");
}

TEST_F(PostgresTest, AServerThatIsAwayPutsOffAndKeepsItsSecrets) {
  auto sink = build({{"url", "postgres://tide@127.0.0.1:1/shop"}, {"password", "very-secret"}});
  ASSERT_TRUE(sink);

  const auto opened = scheduler_.run((*sink)->open());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::unavailable);
  EXPECT_THAT(opened.error().message, HasSubstr("127.0.0.1"));
  EXPECT_THAT(opened.error().message, Not(HasSubstr("very-secret")));

  const Event event{};
  const Effect effect{.data = "{}"};
  SinkBatch batch;
  batch.events = std::span(&event, 1);
  batch.effects = std::span(&effect, 1);
  const auto results = scheduler_.run((*sink)->write(batch));
  ASSERT_EQ(results.size(), 1);
  EXPECT_EQ(results[0].error().fault, Fault::unavailable);
  scheduler_.run((*sink)->close());
}

}  // namespace
}  // namespace tidemill::postgres
