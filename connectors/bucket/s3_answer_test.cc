#include "s3_answer.h"

#include <gtest/gtest.h>

namespace tidemill::bucket {
namespace {

TEST(S3Answer, APageHasKeysAsTheyAre) {
  const auto page = parse_s3_page(
      R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Name>photos</Name><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
  <Contents><Key>a+b%2Bc%20.jpg</Key><LastModified>2026-01-31T08:15:00.250Z</LastModified>
    <ETag>&quot;d41d8&quot;</ETag><Size>12</Size></Contents>
  <NextContinuationToken>to/ken=</NextContinuationToken>
</ListBucketResult>)");

  ASSERT_TRUE(page);
  ASSERT_EQ(page->objects.size(), 1);
  EXPECT_EQ(page->objects[0].key, "a b+c .jpg");
  EXPECT_EQ(page->objects[0].etag, "d41d8");
  EXPECT_EQ(page->objects[0].size, 12);
  EXPECT_EQ(page->objects[0].modified_us % 1'000'000, 250'000);
  EXPECT_EQ(page->next, "to/ken=");
}

TEST(S3Answer, AKeyThatIsNotEncodedKeepsItsSpacesAndPluses) {
  const auto page = parse_s3_page(
      "<ListBucketResult><Contents><Key> a+b &amp; </Key>"
      "<LastModified>2026-01-31T08:15:00Z</LastModified><ETag/><Size>0</Size></Contents>"
      "</ListBucketResult>");

  ASSERT_TRUE(page);
  EXPECT_EQ(page->objects[0].key, " a+b & ");
  EXPECT_EQ(page->next, "");
}

TEST(S3Answer, WhatIsNoPageIsNone) {
  for (const char* xml : {"", "<html>", "<Error><Code>x</Code></Error>", "not XML",
                          "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
                          "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>"})
    EXPECT_FALSE(parse_s3_page(xml)) << xml;
}

TEST(S3Answer, ARefusalHasACodeAndPerhapsMore) {
  const auto refusal = parse_s3_refusal(
      "<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong</Message>"
      "<Region>eu-west-1</Region></Error>");
  EXPECT_EQ(refusal.code, "AuthorizationHeaderMalformed");
  EXPECT_EQ(refusal.message, "wrong");
  EXPECT_EQ(refusal.region, "eu-west-1");
  EXPECT_EQ(parse_s3_refusal("<html>Bad gateway</html>").code, "");
}

TEST(S3Answer, ARangeTellsTheWholeSize) {
  EXPECT_EQ(parse_content_range("bytes 0-99/1234"), 1234);
  EXPECT_FALSE(parse_content_range("bytes 0-99/*"));
  EXPECT_FALSE(parse_content_range(""));
}

TEST(S3Answer, PartsAreNumberedFromOne) {
  EXPECT_EQ(
      s3_parts_xml({"\"a\"", "b&c"}),
      "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"a\"</ETag></Part>"
      "<Part><PartNumber>2</PartNumber><ETag>b&amp;c</ETag></Part></CompleteMultipartUpload>");
}

}  // namespace
}  // namespace tidemill::bucket
