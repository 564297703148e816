#include "core/http/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;
using ::testing::Pair;

HttpResponse show_name(const HttpRequest& request) {
  return text_response(200, request.params.at("name"));
}

Task<HttpResponse> pause_pipeline(HttpRequest& request) {
  co_return text_response(202, "paused " + request.params["name"]);
}

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    router_.add_immediate("GET", "/api/v1/pipelines/{name}", show_name);
    router_.add("POST", "/api/v1/pipelines/{name}/pause", pause_pipeline);
    router_.add_immediate("DELETE", "/api/v1/pipelines/{name}", show_name);
  }

  HttpResponse ask(std::string_view method, std::string_view target) {
    HttpRequest request;
    request.method = method;
    EXPECT_TRUE(set_target(request, target));
    testing::VirtualScheduler scheduler;
    HttpResponse response;
    scheduler.run(answer_into(request, response));
    return response;
  }

 private:
  Task<> answer_into(HttpRequest& request, HttpResponse& response) {
    response = co_await router_.answer(request);
  }

  Router router_;
};

TEST_F(RouterTest, ASegmentInBracesBecomesAParameter) {
  EXPECT_EQ(ask("GET", "/api/v1/pipelines/clicks").body, "clicks");
  EXPECT_EQ(ask("POST", "/api/v1/pipelines/clicks/pause").body, "paused clicks");
}

TEST_F(RouterTest, AnEscapedSlashBelongsToTheParameter) {
  EXPECT_EQ(ask("GET", "/api/v1/pipelines/a%2Fb%20c").body, "a/b c");
}

TEST_F(RouterTest, AnUnknownPathIsNotFound) {
  EXPECT_EQ(ask("GET", "/api/v1/pipelines").status, 404U);
  EXPECT_EQ(ask("GET", "/api/v1/pipelines/clicks/").status, 404U);
  EXPECT_EQ(ask("GET", "/").status, 404U);
  EXPECT_EQ(ask("GET", "").status, 404U);
}

TEST_F(RouterTest, AWrongMethodIsToldTheRightOnes) {
  const HttpResponse response = ask("PUT", "/api/v1/pipelines/clicks");

  EXPECT_EQ(response.status, 405U);
  EXPECT_THAT(response.headers, ElementsAre(Pair("Allow", "GET, DELETE")));
}

TEST(SetTarget, TheQueryIsDecoded) {
  HttpRequest request;
  ASSERT_TRUE(set_target(request, "/of?the=last"));
  ASSERT_TRUE(set_target(request, "/t?key=a%26b&prefix=&flag&key2=x=y"));

  EXPECT_EQ(request.path, "/t");
  EXPECT_THAT(request.query, ElementsAre(Pair("flag", ""), Pair("key", "a&b"), Pair("key2", "x=y"),
                                         Pair("prefix", "")));
  EXPECT_EQ(request.query_or("key", "-"), "a&b");
  EXPECT_EQ(request.query_or("none", "-"), "-");
}

TEST(SetTarget, AMalformedEscapeIsRefused) {
  HttpRequest request;
  for (const char* target : {"/%", "/%4", "/%zz", "/a?b=%f", "/a?%-1=b", "/%+1"})
    EXPECT_FALSE(set_target(request, target)) << target;
}

TEST(PercentDecoded, AnyByteCanBeEscaped) {
  EXPECT_THAT(percent_decoded("%00%ff%41"), Optional(std::string("\0\xff"
                                                                 "A",
                                                                 3)));
}

}  // namespace
}  // namespace tidemill
