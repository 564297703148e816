#include "mail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "smtp_client.h"
#include "tidemill/testing/real_scheduler.h"
#include "tidemill/testing/recording_log.h"

namespace tidemill::mail {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class MailTest : public ::testing::Test {
 protected:
  MailTest() { register_with(registry_); }

  Result<std::unique_ptr<Sink>> build(ResolvedOptions options) {
    const auto without = [&options](std::string_view name) {
      for (const auto& [given, value] : options)
        if (given == name) return false;
      return true;
    };
    for (const auto& [name, value] : ResolvedOptions{{"url", "smtp://mail.example.org"},
                                                     {"from", "a@example.org"},
                                                     {"to", "b@example.org"},
                                                     {"subject", "Hello"}})
      if (without(name)) options.emplace_back(name, value);
    const auto compile =
        [](std::string_view text) -> Result<std::shared_ptr<const EventExpression>> {
      return fail(Fault::bad_config, "cannot read " + std::string(text));
    };
    return registry_.sinks().find("mail")->second.build(
        options,
        {.scheduler = scheduler_, .log = log_, .data_folder = "/nowhere", .compile = compile});
  }

  std::string refusal(ResolvedOptions options) {
    const auto built = build(std::move(options));
    if (built) return {};
    EXPECT_EQ(built.error().fault, Fault::bad_config);
    return built.error().message;
  }

  Registry registry_;
  testing::RealScheduler scheduler_;
  testing::RecordingLog log_;
};

TEST_F(MailTest, UrlsNameAServer) {
  const auto server = parse_url("smtp://mail.example.org");
  EXPECT_EQ(server.value().name(), "mail.example.org:587");
  EXPECT_EQ(parse_url("smtps://mail.example.org/").value().name(), "mail.example.org:465");
  EXPECT_EQ(parse_url("smtp://[::1]:25").value().name(), "[::1]:25");
  EXPECT_TRUE(parse_url("smtp://[::1]").value().is_local());
  EXPECT_FALSE(server->is_local());
  for (const auto* url : {"http://mail", "smtp://", "smtp://mail:", "smtp://mail:smtp",
                          "smtp://ma il", "smtp://mail/path", "smtp://mail:123456"})
    EXPECT_THAT(refusal({{"url", url}}), HasSubstr("url: it takes smtp://")) << url;
}

TEST_F(MailTest, ALoginStandsInOptionsOfItsOwnAndGoesOverTlsAlone) {
  const std::string refused = refusal({{"url", "smtp://tide:very-secret@mail"}});
  EXPECT_THAT(refused, HasSubstr("leave the login out"));
  EXPECT_THAT(refused, Not(HasSubstr("very-secret")));
  EXPECT_THAT(refusal({{"user", "tide"}}), HasSubstr("belong together"));
  const ResolvedOptions plain{
      {"user", "tide"}, {"password", "very-secret"}, {"tls.enabled", "false"}};
  EXPECT_THAT(refusal(plain), HasSubstr("goes over TLS alone"));
  EXPECT_THAT(refusal({{"url", "smtps://mail"}, {"tls.enabled", "false"}}),
              HasSubstr("contradicts smtps://"));
}

TEST_F(MailTest, TemplatesAreCompiled) {
  EXPECT_EQ(refusal({{"subject", "Order \\(.id)"}}), "subject: cannot read \"Order \\(.id)\"");
  EXPECT_THAT(refusal({{"attach.type", "text/csv"}}), HasSubstr("goes with attach.name"));
}

TEST_F(MailTest, AServerThatIsAwayPutsOffAndKeepsItsSecrets) {
  auto sink = build({{"url", "smtp://127.0.0.1:1"}, {"user", "tide"}, {"password", "very-secret"}});
  ASSERT_TRUE(sink);
  EXPECT_EQ((*sink)->place(), "mail:127.0.0.1:1");

  const auto opened = scheduler_.run((*sink)->open());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::unavailable);
  EXPECT_THAT(opened.error().message, HasSubstr("127.0.0.1:1"));
  EXPECT_THAT(opened.error().message, Not(HasSubstr("very-secret")));

  const Event event{};
  const std::array<Effect, 2> effects{Effect{.data = "x"}, Effect{.data = "y"}};
  SinkBatch batch;
  batch.events = std::span(&event, 1);
  batch.effects = effects;
  const auto results = scheduler_.run((*sink)->write(batch));
  ASSERT_EQ(results.size(), 2);
  for (const auto& result : results) EXPECT_EQ(result.error().fault, Fault::unavailable);
}

TEST_F(MailTest, WhatIsClosedSendsNoMore) {
  auto sink = build({{"url", "smtp://127.0.0.1:1"}, {"rate", "0.001"}});
  ASSERT_TRUE(sink);
  scheduler_.run((*sink)->close());
  const Event event{};
  const Effect effect{.data = "x"};
  SinkBatch batch;
  batch.events = std::span(&event, 1);
  batch.effects = std::span(&effect, 1);
  EXPECT_EQ(scheduler_.run((*sink)->write(batch)).at(0).error().fault, Fault::cancelled);
}

}  // namespace
}  // namespace tidemill::mail
