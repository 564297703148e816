#include "url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemill::http_client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Url, NamesASchemeAHostAPortAndAPath) {
  const auto url = parse_url("http://es.example:9200/a%20b");

  ASSERT_TRUE(url) << url.error().message;
  EXPECT_FALSE(url->tls);
  EXPECT_EQ(url->host, "es.example");
  EXPECT_EQ(url->port, 9200);
  EXPECT_EQ(url->path, "/a%20b");
  EXPECT_EQ(url->authority(), "es.example:9200");
}

TEST(Url, HasThePortOfItsScheme) {
  EXPECT_EQ(parse_url("https://a")->port, 443);
  EXPECT_EQ(parse_url("https://a")->origin(), "https://a");
  EXPECT_EQ(parse_url("http://a:80")->authority(), "a");
  EXPECT_EQ(parse_url("https://a:80")->authority(), "a:80");
}

TEST(Url, MayHaveAnAddressOfIPv6) {
  const auto url = parse_url("http://[::1]:9000");

  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->authority(), "[::1]:9000");
}

TEST(Url, SaysWhatItTakes) {
  for (const char* text : {"es:9200", "ftp://a", "http://", "http://a:99999", "http://a:0",
                           "http://a/?q=1", "", "http://a b"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().fault, Fault::bad_config);
    EXPECT_THAT(url.error().message, HasSubstr("http://HOST:PORT"));
  }
}

TEST(Url, DoesNotRepeatAPassword) {
  for (const char* text : {"http://me:hush@a", "http://me:hush@a b"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url);
    EXPECT_THAT(url.error().message, Not(HasSubstr("hush")));
  }
}

}  // namespace
}  // namespace tidemill::http_client
