#include "letter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace tidemill::mail {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Gives what a test says, by the text of the program.
class Said final : public EventExpression {
 public:
  explicit Said(Result<std::string> answer) : answer_(std::move(answer)) {}
  Result<std::string> text(const Event&, const Effect&) const override { return answer_; }
  Result<double> number(const Event&, const Effect&) const override { return 0; }

 private:
  const Result<std::string> answer_;
};

class LetterTest : public ::testing::Test {
 protected:
  Result<std::shared_ptr<const EventExpression>> compile(std::string_view program) {
    if (program.find("nope") != program.npos) return fail(Fault::bad_config, "syntax error");
    const auto said = said_.find(std::string(program));
    if (said == said_.end()) return std::make_shared<Said>(std::string(program));
    return std::make_shared<Said>(said->second);
  }

  Result<Letter> write() {
    const auto rules = read_rules(config_, [this](std::string_view p) { return compile(p); });
    if (!rules) return std::unexpected(rules.error());
    SinkBatch batch;
    batch.pipeline = "p";
    batch.sink = "s";
    batch.events = std::span(&event_, 1);
    batch.effects = std::span(&effect_, 1);
    return write_letter(*rules, batch, effect_, WallTime(1'700'000'000'000'000));
  }

  std::string refusal() {
    const auto letter = write();
    return letter ? "none" : letter.error().message;
  }

  std::map<std::string, std::string> headers() {
    const auto letter = write();
    EXPECT_TRUE(letter) << letter.error().message;
    if (!letter) return {};
    return {letter->headers.begin(), letter->headers.end()};
  }

  std::map<std::string, Result<std::string>> said_;
  SinkConfig config_{.url = "smtp://mail",
                     .from = "Shop <shop@example.org>",
                     .to = {"ann@example.org"},
                     .subject = "Hello"};
  Event event_{.offset = Offset(3), .source = "file:/a"};
  Effect effect_{.data = "the data"};
};

TEST_F(LetterTest, HasTheHeadersThatAMailNeeds) {
  const auto all = headers();
  EXPECT_EQ(all.at("From"), "\"Shop\"\r\n <shop@example.org>");
  EXPECT_EQ(all.at("To"), "<ann@example.org>");
  EXPECT_EQ(all.at("Subject"), "Hello");
  EXPECT_EQ(all.at("Date"), "Tue, 14 Nov 2023 22:13:20 +0000");
  EXPECT_FALSE(all.contains("Cc"));
  EXPECT_THAT(all.at("Message-ID"), ::testing::MatchesRegex("<[0-9a-f]+@example.org>"));
}

TEST_F(LetterTest, TheMessageIdIsTheSameAtEveryRepeatAndOfNoOtherMessage) {
  const std::string first = headers().at("Message-ID");
  EXPECT_EQ(headers().at("Message-ID"), first);
  effect_.ordinal = 1;
  EXPECT_NE(headers().at("Message-ID"), first);
}

TEST_F(LetterTest, WithoutATemplateTheTextIsTheData) {
  EXPECT_EQ(write().value().text, "the data");
  config_.html = "<b>x</b>";
  EXPECT_EQ(write().value().text, std::nullopt);
  EXPECT_EQ(write().value().html, "<b>x</b>");
}

TEST_F(LetterTest, RecipientsComeFromTemplatesAndOnlyBccIsInNoHeader) {
  said_.emplace("\"\\(.all)\"", "bob@example.org, Cid <cid@example.org>");
  config_.to = {"\\(.all)"};
  config_.cc = {"dan@example.org"};
  config_.bcc = {"eve@example.org"};
  const auto letter = write();
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->to.size(), 2);
  EXPECT_EQ(letter->bcc.at(0).address, "eve@example.org");
  for (const auto& [name, value] : letter->headers) {
    EXPECT_NE(name, "Bcc");
    EXPECT_THAT(value, Not(HasSubstr("eve")));
  }
}

TEST_F(LetterTest, NobodyTooManyAndNoAddressAreRefused) {
  config_.to = {""};
  EXPECT_EQ(refusal(), "to: there is nobody to send it to");
  config_.to = {"null"};
  EXPECT_THAT(refusal(), HasSubstr("no address of a mail: null"));
  config_.to = {"a@b.c,a@b.c,a@b.c"};
  config_.recipients_max = 2;
  EXPECT_THAT(refusal(), HasSubstr("3 recipients are more"));
  config_.recipients_max = 3;
  config_.from = "a@b.c, d@e.f";
  EXPECT_EQ(refusal(), "from: it takes one address");
}

TEST_F(LetterTest, NoHeaderCanBeSmuggledIn) {
  const std::string smuggled = "x\r\nBcc: eve@example.org";
  said_.emplace("\"\\(.x)\"", smuggled);
  config_.subject = "\\(.x)";
  EXPECT_EQ(refusal(), "subject: it has a line break or another control character in it");
  config_.subject = "Hello";
  config_.headers = {R"x({"X-Order": "\\(.x)"})x"};
  EXPECT_THAT(refusal(), HasSubstr("headers: it has a line break"));
  config_.headers = {};
  config_.to = {"\\(.x)"};
  EXPECT_THAT(refusal(), HasSubstr("to: an address has a line break"));
  config_.to = {"ann@example.org"};
  config_.attach = {.name = "\\(.x)", .type = {}};
  EXPECT_THAT(refusal(), HasSubstr("attach.name: it has a line break"));
  config_.attach = {.name = "a", .type = "\\(.x)"};
  EXPECT_THAT(refusal(), HasSubstr("attach.type: it has a line break"));
}

TEST_F(LetterTest, TheDataMayBeAFile) {
  effect_.content_type = "text/csv";
  config_.attach = {.name = "größe.csv", .type = {}};
  auto letter = write();
  ASSERT_TRUE(letter && letter->attachment);
  EXPECT_EQ(letter->attachment->name, "größe.csv");
  EXPECT_EQ(letter->attachment->type, "text/csv");
  EXPECT_EQ(letter->attachment->data, "the data");
  EXPECT_EQ(letter->text, "");
  config_.attach.type = "nonsense";
  EXPECT_THAT(refusal(), HasSubstr("attach.type: it is none"));
}

TEST_F(LetterTest, HeadersOfOnesOwnAreNoneThatAMailHasAnyway) {
  config_.headers = {R"({"Reply-To": "help@example.org", "X-Size": "größe"})"};
  EXPECT_EQ(headers().at("Reply-To"), "help@example.org");
  EXPECT_EQ(headers().at("X-Size"), "=?UTF-8?B?Z3LDtsOfZQ==?=");
  for (const auto* name : {"Bcc", "subject", "Content-Type", "a b", "x:y", ""}) {
    config_.headers = {R"({")" + std::string(name) + R"(": "x"})"};
    EXPECT_THAT(refusal(), HasSubstr("headers: ")) << name;
  }
}

TEST_F(LetterTest, ATemplateThatDoesNotCompileNamesItsOption) {
  config_.cc = {"\\(nope)"};
  EXPECT_EQ(refusal(), "cc: syntax error");
  config_.cc = {};
  config_.html = "<b>\\(.x";
  EXPECT_THAT(refusal(), HasSubstr("html: there is no )"));
}

}  // namespace
}  // namespace tidemill::mail
