#include "s3_notification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace tidemill::bucket {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<S3Notification> read(std::string_view json) {
  auto read = parse_s3_notifications(json);
  EXPECT_TRUE(read) << read.error().message;
  return read ? std::move(*read) : std::vector<S3Notification>();
}

std::string refusal_of(std::string_view json) {
  const auto read = parse_s3_notifications(json);
  EXPECT_FALSE(read);
  EXPECT_EQ(read.error().fault, Fault::bad_event);
  return read.error().message;
}

TEST(S3Notification, OfAwsHasAnEncodedKey) {
  // After the example in AWS's documentation, "Event message structure".
  EXPECT_THAT(read(R"({"Records":[{"eventVersion":"2.1","eventSource":"aws:s3",
    "awsRegion":"us-west-2","eventTime":"1970-01-01T00:00:00.000Z",
    "eventName":"ObjectCreated:Put","userIdentity":{"principalId":"AIDAJDPLRKLG7UEXAMPLE"},
    "requestParameters":{"sourceIPAddress":"127.0.0.1"},
    "s3":{"s3SchemaVersion":"1.0","configurationId":"testConfigRule",
      "bucket":{"name":"amzn-s3-demo-bucket","ownerIdentity":{"principalId":"A3NL1KOZZKExample"},
        "arn":"arn:aws:s3:::amzn-s3-demo-bucket"},
      "object":{"key":"red+flower%2B%C3%BC+%281%29.jpg","size":1024,
        "eTag":"d41d8cd98f00b204e9800998ecf8427e","versionId":"096fKKXTRTtl3on89fVO.nfljtsv6qko",
        "sequencer":"0055AED6DCD90281E5"}}}]})"),
              ElementsAre(S3Notification{"amzn-s3-demo-bucket", "red flower+\u00fc (1).jpg"}));
}

TEST(S3Notification, OfMinioHasTheEventAtTheTopToo) {
  EXPECT_THAT(read(R"({"EventName":"s3:ObjectCreated:Put","Key":"photos/a b.jpg","Records":[
        {"eventVersion":"2.0","eventSource":"minio:s3","eventName":"s3:ObjectCreated:Put",
         "s3":{"bucket":{"name":"photos"},"object":{"key":"a+b.jpg","size":5,"eTag":"e",
         "contentType":"image/jpeg","sequencer":"17C9"}}}]})"),
              ElementsAre(S3Notification{"photos", "a b.jpg"}));
}

TEST(S3Notification, OfRadosgwHasAPlainKey) {
  // Of radosgw 16.2.15, shortened.
  EXPECT_THAT(read(R"({"Records":[{"eventVersion":"2.2","eventSource":"ceph:s3","awsRegion":"",
    "eventTime":"2026-11-26T16:28:54.748129Z","eventName":"ObjectCreated:Put",
    "s3":{"s3SchemaVersion":"1.0","configurationId":"all","bucket":{"name":"photos",
      "ownerIdentity":{"principalId":"tests"},"arn":"arn:aws:s3:::photos"},
      "object":{"key":"a b+c%20\u00fc(1).jpg","size":1,"eTag":"9dd4e461268c8034f5c8564e155c67a6",
        "versionId":"","sequencer":"465E086B98D5BE2C","metadata":[],"tags":[]}},
    "eventId":"1795710534.750704.9dd4e461268c8034f5c8564e155c67a6","opaqueData":""}]})"),
              ElementsAre(S3Notification{"photos", "a b+c%20\u00fc(1).jpg"}));
}

TEST(S3Notification, MayTellOfSeveralObjects) {
  EXPECT_THAT(read(R"({"Records":[
      {"s3":{"bucket":{"name":"b"},"object":{"key":"1"}}},
      {"eventName":"ObjectRemoved:Delete","s3":{"bucket":{"name":"c"},"object":{"key":"2"}}}]})"),
              ElementsAre(S3Notification{"b", "1"}, S3Notification{"c", "2"}));
  EXPECT_THAT(read(R"({"Records":[]})"), IsEmpty());
}

TEST(S3Notification, ThatOnlyTriesTheConfigurationTellsOfNothing) {
  EXPECT_THAT(read(R"({"Service":"Amazon S3","Event":"s3:TestEvent",
                      "Time":"2014-10-13T15:57:02.089Z","Bucket":"bucketname",
                      "RequestId":"5582815E1AEA5ADF","HostId":"8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3e"})"),
              IsEmpty());
}

TEST(S3Notification, IsNotJustAnything) {
  EXPECT_THAT(refusal_of("key=a"), HasSubstr("it is not JSON"));
  EXPECT_THAT(refusal_of(""), HasSubstr("it is not JSON"));
  for (const char* other : {"{}", "[]", "7", R"({"Records":{}})", R"({"Event":"s3:Other"})"})
    EXPECT_THAT(refusal_of(other), HasSubstr("it has no list of Records")) << other;
  for (const char* record : {"7", "{}", R"({"s3":{"bucket":{"name":"b"}}})",
                             R"({"s3":{"bucket":{"name":7},"object":{"key":"k"}}})",
                             R"({"s3":{"bucket":{"name":"b"},"object":{"key":""}}})"})
    EXPECT_THAT(refusal_of(R"({"Records":[)" + std::string(record) + "]}"),
                HasSubstr("its record 1 has no s3.bucket.name and s3.object.key"));
}

TEST(S3Notification, LiesInTheEnvelopeOfATopic) {
  EXPECT_THAT(
      read(
          R"({"Type":"Notification","TopicArn":"arn:aws:sns:eu-west-1:1:t","Message":)"
          R"("{\"Records\":[{\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"a+b\"}}}]}"})"),
      ElementsAre(S3Notification{"b", "a b"}));
  EXPECT_THAT(read(R"({"Type":"Notification","Message":"{\"Event\":\"s3:TestEvent\"}"})"),
              IsEmpty());
  EXPECT_FALSE(parse_s3_notifications(R"({"Type":"Notification","Message":"hello"})"));
}

TEST(S3Notification, OfEventBridgeNamesTheKeyAsItIs) {
  const std::string event =
      R"({"version":"0","detail-type":"Object Created","source":"aws.s3","detail":)"
      R"({"bucket":{"name":"b"},"object":{"key":"a+b%20c","size":1}}})";
  const std::string quoted = boost::json::serialize(boost::json::value(event));
  EXPECT_THAT(read(event), ElementsAre(S3Notification{"b", "a+b%20c"}));
  EXPECT_THAT(read(R"({"Type":"Notification","Message":)" + quoted + "}"),
              ElementsAre(S3Notification{"b", "a+b%20c"}));
  EXPECT_FALSE(parse_s3_notifications(R"({"source":"aws.s3","detail":{}})"));
}

}  // namespace
}  // namespace tidemill::bucket
