#include "s3_bucket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "s3_fixture.h"

namespace tidemill::bucket {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// What breaks clients that encode twice, or not, or make paths shorter.
const std::vector<std::string> awkward_keys{"a b.jpg",
                                            "dt=2026/x+y(1).jpg",
                                            "a//b/../c/./d",
                                            "\xC3\xBC/\xE2\x82\xAC.jpg",
                                            "q?a&b=c;d,e:f@g$h",
                                            "100%",
                                            "%41",
                                            "/first",
                                            "last/",
                                            "~'!*"};

using S3BucketTest = S3Test;

TEST_F(S3BucketTest, EveryKeyIsWrittenListedReadAndRemovedAsItIs) {
  const auto bucket = this->bucket();
  std::vector<S3Put> puts;
  for (const auto& key : awkward_keys) puts.push_back({key, key, "text/plain", {}});

  for (const auto& result : bucket->put(puts)) EXPECT_TRUE(result) << result.error().message;

  ASSERT_EQ(s3_.objects.size(), awkward_keys.size());
  const auto page = bucket->list("", "");
  ASSERT_TRUE(page) << page.error().message;
  std::vector<std::string> listed;
  for (const auto& object : page->objects) listed.push_back(object.key);
  EXPECT_THAT(listed, ::testing::UnorderedElementsAreArray(awkward_keys));
  for (const auto& key : awkward_keys) {
    const auto read = bucket->read(key, 1000);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->view(), key);
  }
  for (const auto& result : bucket->remove(awkward_keys)) EXPECT_TRUE(result);
  EXPECT_TRUE(s3_.objects.empty());
}

TEST_F(S3BucketTest, AnObjectHasItsTypeItsMetadataAndAChecksum) {
  const std::vector<Attribute> metadata{{"camera", "X100"}, {"place", "K\xC3\xB6ln"}};
  const S3Put put{"a.jpg", "body", "", metadata};

  ASSERT_TRUE(bucket()->put({&put, 1}).front());

  auto& headers = s3_.objects["a.jpg"].headers;
  EXPECT_EQ(headers["content-type"], "image/jpeg");
  EXPECT_EQ(headers["x-amz-meta-camera"], "X100");
  EXPECT_EQ(headers["x-amz-meta-place"], "=?UTF-8?B?S8O2bG4=?=");
}

TEST_F(S3BucketTest, MetadataThatNoHeaderCanHoldIsTheEventsFault) {
  const std::vector<Attribute> metadata{{"a name", "x"}};
  const S3Put put{"a.jpg", "body", "", metadata};

  const auto result = bucket()->put({&put, 1}).front();

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, Fault::bad_event);
}

TEST_F(S3BucketTest, LargeObjectsGoAndComeInParts) {
  std::string body(2 * S3Bucket::part_bytes + 1000, 'x');
  body.front() = 'a';
  body.back() = 'z';
  const S3Put put{"large.bin", body, "text/plain", {}};
  const auto bucket = this->bucket();

  const auto written = bucket->put({&put, 1}).front();

  ASSERT_TRUE(written) << written.error().message;
  EXPECT_TRUE(s3_.objects["large.bin"].body == body);
  EXPECT_EQ(s3_.objects["large.bin"].headers["content-type"], "text/plain");
  EXPECT_TRUE(s3_.uploads.empty());
  const auto read = bucket->read("large.bin", body.size());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->view() == body);
  EXPECT_EQ(bucket->read("large.bin", body.size() - 1).error().fault, Fault::bad_event);
}

TEST_F(S3BucketTest, AnUploadThatFailsIsAborted) {
  s3_.instead = [](const FakeS3::Request& request) -> std::optional<FakeS3::Answer> {
    if (request.target.find("partNumber=2") == std::string::npos) return std::nullopt;
    return FakeS3::refusal(403, "AccessDenied");
  };
  const std::string body(2 * S3Bucket::part_bytes + 1, 'x');
  const S3Put put{"large.bin", body, "", {}};

  const auto written = bucket()->put({&put, 1}).front();

  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message,
              AllOf(HasSubstr("cannot write the object large.bin"), HasSubstr("AccessDenied")));
  EXPECT_TRUE(s3_.objects.empty());
  EXPECT_TRUE(s3_.uploads.empty());
}

TEST_F(S3BucketTest, AnUploadThatFailsAfterItsAnswerBeganHasFailed) {
  s3_.instead = [](const FakeS3::Request& request) -> std::optional<FakeS3::Answer> {
    if (request.method != "POST" || request.body.empty()) return std::nullopt;
    return FakeS3::refusal(200, "InternalError");
  };
  const std::string body(2 * S3Bucket::part_bytes + 1, 'x');
  const S3Put put{"large.bin", body, "", {}};

  const auto written = bucket()->put({&put, 1}).front();

  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().fault, Fault::unavailable);
}

TEST_F(S3BucketTest, AnEmptyObjectIsRead) {
  s3_.write("empty", "");

  const auto read = bucket()->read("empty", 10);

  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->view(), "");
}

TEST_F(S3BucketTest, WhatIsGoneOrTooLargeIsTheEventsFault) {
  s3_.write("large", "0123456789");

  EXPECT_EQ(bucket()->read("none", 10).error().fault, Fault::bad_event);
  const auto large = bucket()->read("large", 9);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().fault, Fault::bad_event);
  EXPECT_THAT(large.error().message, HasSubstr("10 bytes, more than 9 bytes"));
}

TEST_F(S3BucketTest, AnObjectThatChangesWhileItIsReadIsNoMixture) {
  s3_.write("large", std::string(S3Bucket::part_bytes + 10, 'x'));
  s3_.instead = [this](const FakeS3::Request& request) -> std::optional<FakeS3::Answer> {
    if (!request.header("if-match").empty())
      s3_.write("large", std::string(S3Bucket::part_bytes + 10, 'y'));
    return std::nullopt;
  };

  const auto read = bucket()->read("large", 1u << 30);

  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().fault, Fault::transient);
  EXPECT_THAT(read.error().message, HasSubstr("it changed meanwhile"));
}

TEST_F(S3BucketTest, ARefusedBucketSaysWhatToDo) {
  const auto refused = [this](unsigned status, const std::string& code) {
    s3_.instead = [=](const FakeS3::Request&) { return FakeS3::refusal(status, code); };
    const auto page = bucket()->list("", "");
    EXPECT_EQ(page.error().fault, Fault::bad_config) << code;
    EXPECT_THAT(page.error().message, Not(HasSubstr("very-secret")));
    return page.error().message;
  };

  EXPECT_THAT(refused(404, "NoSuchBucket"),
              AllOf(HasSubstr("there is no bucket photos at " + s3_.url()), HasSubstr("create")));
  EXPECT_THAT(refused(403, "InvalidAccessKeyId"), HasSubstr("correct access_key"));
  EXPECT_THAT(refused(403, "SignatureDoesNotMatch"), HasSubstr("correct secret_key"));
  EXPECT_THAT(refused(403, "AccessDenied"), HasSubstr("does not let us use the bucket photos"));
  EXPECT_THAT(refused(404, ""), HasSubstr("is this the endpoint of an S3 server?"));
}

TEST_F(S3BucketTest, ABucketInAnotherRegionIsNamedWithIt) {
  s3_.instead = [](const FakeS3::Request&) {
    auto answer = FakeS3::refusal(301, "PermanentRedirect");
    answer.headers = {{"x-amz-bucket-region", "eu-west-1"}};
    return answer;
  };

  EXPECT_THAT(bucket()->list("", "").error().message, HasSubstr("set region: eu-west-1"));
}

TEST_F(S3BucketTest, OfOneObjectARefusalMayPass) {
  s3_.instead = [](const FakeS3::Request&) { return FakeS3::refusal(403, "AccessDenied"); };
  const S3Put put{"a", "body", "", {}};

  EXPECT_EQ(bucket()->put({&put, 1}).front().error().fault, Fault::transient);
  EXPECT_EQ(bucket()->read("a", 10).error().fault, Fault::transient);

  s3_.instead = [](const FakeS3::Request&) { return FakeS3::refusal(400, "KeyTooLongError"); };
  EXPECT_EQ(bucket()->put({&put, 1}).front().error().fault, Fault::bad_event);
}

TEST_F(S3BucketTest, AServerThatSlowsUsDownIsGivenTime) {
  s3_.instead = [](const FakeS3::Request&) { return FakeS3::refusal(503, "SlowDown"); };
  const S3Put put{"a", "body", "", {}};

  const auto result = bucket()->put({&put, 1}).front();

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, Fault::unavailable);
  EXPECT_EQ(s3_.requests().size(), 4);
}

TEST_F(S3BucketTest, WhatSaysSomethingOfTheServerAloneIsNoFaultOfAnObject) {
  const std::string key = "a";
  const S3Put put{key, "body", "", {}};
  for (const auto& [status, code] : {std::pair(500U, "InternalError"),
                                     {502U, ""},
                                     {503U, "ServiceUnavailable"},
                                     {504U, ""},
                                     {507U, "XMinioStorageFull"},
                                     {429U, "TooManyRequests"},
                                     {400U, "RequestTimeout"},
                                     {403U, "ExpiredToken"}}) {
    s3_.instead = [=](const FakeS3::Request&) { return FakeS3::refusal(status, code); };
    const auto bucket = this->bucket();

    EXPECT_EQ(bucket->put({&put, 1}).front().error().fault, Fault::unavailable) << status << code;
    EXPECT_EQ(bucket->remove({&key, 1}).front().error().fault, Fault::unavailable)
        << status << code;
    EXPECT_EQ(bucket->read(key, 10).error().fault, Fault::unavailable) << status << code;
    EXPECT_EQ(bucket->list("", "").error().fault, Fault::unavailable) << status << code;
    EXPECT_EQ(bucket->probe().error().fault, Fault::unavailable) << status << code;
  }
  s3_.instead = [](const FakeS3::Request&) { return FakeS3::refusal(501, "NotImplemented"); };
  EXPECT_EQ(bucket()->put({&put, 1}).front().error().fault, Fault::bad_event);
}

TEST_F(S3BucketTest, WhoMayOnlyWriteMayUseTheBucket) {
  s3_.instead = [](const FakeS3::Request&) { return FakeS3::refusal(403, "AccessDenied"); };
  EXPECT_TRUE(bucket()->probe());

  s3_.instead = [](const FakeS3::Request&) { return FakeS3::refusal(404, "NoSuchBucket"); };
  EXPECT_EQ(bucket()->probe().error().fault, Fault::bad_config);
}

TEST_F(S3BucketTest, WhereABucketIsDependsOnItsServer) {
  const auto place = [this](S3Options options, const std::string& name) {
    options.aws.region = "eu-west-1";
    return (*S3Bucket::make(options, {name, {}}, services()))->place();
  };
  S3Options own;
  own.aws.endpoint = "http://127.0.0.1:9000/s3/";

  EXPECT_EQ(place({}, "photos"), "s3:s3.eu-west-1.amazonaws.com/photos/");
  EXPECT_EQ(place({}, "my.photos"), "s3:s3.eu-west-1.amazonaws.com/my.photos/");
  EXPECT_EQ(place(own, "photos"), "s3:127.0.0.1:9000/s3/photos/");
  own.path_style = false;
  EXPECT_EQ(place(own, "photos"), "s3:127.0.0.1:9000/s3/photos/");
}

TEST_F(S3BucketTest, AnEndpointIsAUrlAndTlsGoesWithHttps) {
  auto wrong = options();
  wrong.aws.endpoint = "localhost:9000";
  const auto no_url = S3Bucket::make(wrong, {"photos", {}}, services());
  ASSERT_FALSE(no_url);
  EXPECT_THAT(no_url.error().message, HasSubstr("endpoint: it takes http://HOST:PORT"));

  wrong = options();
  wrong.aws.tls.verify = false;
  const auto no_tls = S3Bucket::make(wrong, {"photos", {}}, services());
  ASSERT_FALSE(no_tls);
  EXPECT_THAT(no_tls.error().message, HasSubstr("https://"));
}

TEST(S3Url, IsABucketAndPerhapsAPrefix) {
  EXPECT_EQ(parse_s3_url("s3://photos")->prefix, "");
  EXPECT_EQ(parse_s3_url("s3://photos/")->prefix, "");
  EXPECT_EQ(parse_s3_url("s3://photos/a/b")->prefix, "a/b/");
  EXPECT_EQ(parse_s3_url("s3://photos/a b//")->prefix, "a b/");
  EXPECT_EQ(parse_s3_url("s3://photos/a")->url(), "s3://photos/a/");
  for (const char* url : {"s3:photos", "s3://", "s3://ab", "s3://a b c", "s3:///key"})
    EXPECT_EQ(parse_s3_url(url).error().fault, Fault::bad_config) << url;
}

}  // namespace
}  // namespace tidemill::bucket
