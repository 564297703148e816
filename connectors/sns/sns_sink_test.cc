#include "sns_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "aws/uri.h"
#include "http_client/testing/test_server.h"
#include "sns_answer.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::sns {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using testing::TestServer;

constexpr const char* orders = "arn:aws:sns:eu-west-1:123456789012:orders";

TestServer::Answer published(const std::string& done, const std::string& failed = {}) {
  return {.status = 200,
          .body = "<PublishBatchResponse><PublishBatchResult><Successful>" + done +
                  "</Successful><Failed>" + failed +
                  "</Failed></PublishBatchResult></PublishBatchResponse>"};
}

std::string done(int id) { return "<member><Id>" + std::to_string(id) + "</Id></member>"; }

/// The text behind `&NAME=` in a form; "(none)" where there is none.
std::string field(std::string_view form, const std::string& name) {
  const auto begin = form.find('&' + name + '=');
  if (begin == form.npos) return "(none)";
  form.remove_prefix(begin + name.size() + 2);
  return aws::uri_decode(form.substr(0, form.find('&')));
}

class FixedText final : public EventExpression {
 public:
  explicit FixedText(std::string text) : text_(std::move(text)) {}
  Result<std::string> text(const Event&, const Effect&) const override { return text_; }
  Result<double> number(const Event&, const Effect&) const override { return 0; }

 private:
  const std::string text_;
};

class SnsSinkTest : public ::testing::Test {
 protected:
  ~SnsSinkTest() override {
    if (sink_) scheduler_.run(sink_->close());
  }

  Result<> start(const std::string& arn = orders, const std::string& subject = {}) {
    aws::AwsOptions options;
    options.endpoint = server_.url();
    options.access_key = "AKID";
    options.secret_key = {"hush"};
    Services services{scheduler_, log_, "/nowhere"};
    const aws::RetryOptions at_once{.attempts = 2, .initial = Duration(0), .max = Duration(0)};
    auto topic = SnsTopic::make(arn, options, services, at_once);
    if (!topic) return std::unexpected(topic.error());
    auto rules = aws::FifoRules::make({}, (*topic)->arn().fifo(), services);
    std::shared_ptr<const EventExpression> expression;
    if (!subject.empty()) expression = std::make_shared<FixedText>(subject);
    sink_ = std::make_unique<SnsSink>(std::move(expression), std::move(*rules), std::move(*topic),
                                      services);
    return scheduler_.run(sink_->open());
  }

  Effect& add(std::string data) {
    Event event;
    event.source = "test:";
    event.id = texts_.emplace_back("e" + std::to_string(events_.size()));
    events_.push_back(event);
    Effect effect;
    effect.event = static_cast<std::uint32_t>(events_.size() - 1);
    effect.data = texts_.emplace_back(std::move(data));
    return effects_.emplace_back(effect);
  }

  std::vector<Result<>> write() {
    SinkBatch batch{
        .pipeline = "p", .sink = "s", .life = {}, .events = events_, .effects = effects_};
    return scheduler_.run(sink_->write(batch));
  }

  std::vector<std::string> forms() const {
    std::vector<std::string> all;
    for (const TestServer::Request& request : server_.requests())
      if (request.body.find("Action=PublishBatch") != std::string::npos)
        all.push_back(request.body);
    return all;
  }

  testing::VirtualScheduler scheduler_;
  testing::RecordingLog log_;
  TestServer::Answer look_{};
  TestServer::Answer answer_ = published(done(0));
  TestServer server_{[this](const TestServer::Request& request) {
    return request.body.starts_with("Action=Get") ? look_ : answer_;
  }};
  std::unique_ptr<SnsSink> sink_;
  std::deque<std::string> texts_;
  std::vector<Event> events_;
  std::vector<Effect> effects_;
};

TEST_F(SnsSinkTest, AnEffectIsPublishedWithItsSubjectAttributesAndId) {
  ASSERT_TRUE(start(orders, "an order & more"));
  Effect& effect = add("{\"n\": 1} +&=\xC3\xA4");
  const Attribute kind{"kind", "order"};
  effect.metadata = {&kind, 1};

  EXPECT_THAT(write(), IsEmpty());

  ASSERT_THAT(forms(), SizeIs(1));
  const std::string form = forms()[0];
  const std::string entry = "PublishBatchRequestEntries.member.1.";
  EXPECT_EQ(field(form, "TopicArn"), orders);
  EXPECT_EQ(field(form, entry + "Message"), "{\"n\": 1} +&=\xC3\xA4");
  EXPECT_EQ(field(form, entry + "Subject"), "an order & more");
  EXPECT_EQ(field(form, entry + "MessageAttributes.entry.1.Name"), "tidemill-id");
  EXPECT_EQ(field(form, entry + "MessageAttributes.entry.1.Value.StringValue"), "p:s:test:#e0#0");
  EXPECT_EQ(field(form, entry + "MessageAttributes.entry.2.Name"), "kind");
  EXPECT_EQ(field(form, entry + "MessageGroupId"), "(none)");
}

TEST_F(SnsSinkTest, EachMessageOfABatchFailsForItself) {
  ASSERT_TRUE(start());
  for (const char* text : {"1", "2", "3"}) add(text);
  answer_ = published(done(1),
                      "<member><Id>0</Id><Code>InternalError</Code><SenderFault>false</SenderFault>"
                      "</member><member><Id>2</Id><Code>InvalidParameter</Code>"
                      "<Message>bad</Message><SenderFault>true</SenderFault></member>");

  const auto results = write();

  ASSERT_THAT(results, SizeIs(3));
  EXPECT_EQ(results[0].error().fault, Fault::unavailable);
  EXPECT_TRUE(results[1]);
  EXPECT_EQ(results[2].error().fault, Fault::bad_event);
  EXPECT_THAT(results[2].error().message, HasSubstr("InvalidParameter: bad"));
}

TEST_F(SnsSinkTest, AMessageThatTheAnswerDoesNotSpeakOfIsSentAgain) {
  ASSERT_TRUE(start());
  add("1");
  answer_ = published("");

  EXPECT_EQ(write().at(0).error().fault, Fault::unavailable);
}

TEST_F(SnsSinkTest, OfAFifoTopicEachHasAGroupAndAnIdOfItsOwn) {
  ASSERT_TRUE(start(std::string(orders) + ".fifo"));
  add("1").key = "user";

  EXPECT_THAT(write(), IsEmpty());

  const std::string entry = "PublishBatchRequestEntries.member.1.";
  EXPECT_EQ(field(forms().at(0), entry + "MessageGroupId"), "user");
  EXPECT_EQ(field(forms().at(0), entry + "MessageDeduplicationId"), "p:s:test:#e0#0");
}

TEST_F(SnsSinkTest, ASubjectThatIsNoneIsRefused) {
  ASSERT_TRUE(start(orders, "two\nlines"));
  add("1");

  EXPECT_EQ(write().at(0).error().fault, Fault::bad_event);
}

TEST_F(SnsSinkTest, ATopicThatIsNotThereIsForAPersonToMend) {
  look_ = {.status = 404,
           .body =
               "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code>"
               "<Message>Topic does not exist</Message></Error></ErrorResponse>"};

  const auto opened = start();

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::bad_config);
  EXPECT_THAT(opened.error().message, HasSubstr("there is no topic orders"));
  EXPECT_THAT(opened.error().message, Not(HasSubstr("hush")));
}

TEST_F(SnsSinkTest, ThrottlingCostsNoAttempt) {
  ASSERT_TRUE(start());
  add("1");
  answer_ = {.status = 400,
             .body = "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"};

  EXPECT_EQ(write().at(0).error().fault, Fault::unavailable);
}

TEST(SnsAnswer, WhatIsNoAnswerIsNone) {
  for (const char* text : {"", "{}", "<Other/>", "<PublishBatchResponse/>"})
    EXPECT_EQ(parse_publish_batch(text, 1), std::nullopt) << text;
}

TEST(TopicArn, SaysWhichRegionItIs) {
  const auto arn = parse_topic_arn("arn:aws-cn:sns:cn-north-1:123456789012:a_b-C.fifo");
  ASSERT_TRUE(arn);
  EXPECT_EQ(arn->region, "cn-north-1");
  EXPECT_TRUE(arn->fifo());
  for (const char* text :
       {"", "orders", "arn:aws:sqs:r:1:n", "arn:aws:sns:r:1:", "arn:aws:sns:r:1:a b",
        "arn:aws:sns::1:n", "arn:aws:sns:r:1:n:subscription"})
    EXPECT_FALSE(parse_topic_arn(text)) << text;
}

}  // namespace
}  // namespace tidemill::sns
