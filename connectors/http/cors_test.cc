#include "cors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemill::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> lines(const std::vector<HttpHeader>& headers) {
  std::vector<std::string> all;
  for (const HttpHeader& header : headers)
    all.push_back(std::string(header.name) + ": " + std::string(header.value));
  return all;
}

std::vector<std::string> preflight(const CorsOptions& options, std::string_view origin) {
  const Cors cors(options);
  const std::vector<HttpHeader> request{{"Origin", origin},
                                        {"Access-Control-Request-Method", "PUT"}};
  std::vector<HttpHeader> out;
  cors.preflight(request, out);
  return lines(out);
}

std::vector<std::string> answer(const CorsOptions& options, std::string_view origin) {
  const Cors cors(options);
  const std::vector<HttpHeader> request{{"Origin", origin}};
  std::vector<HttpHeader> out;
  cors.answer(request, out);
  return lines(out);
}

TEST(Cors, APreflightAsksWithItsMethodAndOrigin) {
  const HttpHeader origin{"Origin", "https://a.example"};
  const HttpHeader wanted{"access-control-request-method", "POST"};

  EXPECT_TRUE(Cors::is_preflight("OPTIONS", std::vector{origin, wanted}));
  EXPECT_FALSE(Cors::is_preflight("OPTIONS", std::vector{origin}));
  EXPECT_FALSE(Cors::is_preflight("OPTIONS", std::vector{wanted}));
  EXPECT_FALSE(Cors::is_preflight("POST", std::vector{origin, wanted}));
}

TEST(Cors, APreflightIsToldAllThatIsAllowed) {
  const CorsOptions options{.allow_origins = {"https://a.example", "https://b.example"},
                            .allow_methods = {"GET", "PUT"},
                            .allow_headers = {"content-type", "x-api-key"},
                            .expose_headers = {"x-total"},
                            .max_age = std::chrono::minutes(5),
                            .allow_credentials = true};

  EXPECT_THAT(preflight(options, "https://b.example"),
              ElementsAre("vary: origin", "access-control-allow-origin: https://b.example",
                          "access-control-allow-credentials: true",
                          "access-control-allow-methods: GET, PUT",
                          "access-control-allow-headers: content-type, x-api-key",
                          "access-control-max-age: 300"));
  EXPECT_THAT(answer(options, "https://a.example"),
              ElementsAre("vary: origin", "access-control-allow-origin: https://a.example",
                          "access-control-allow-credentials: true",
                          "access-control-expose-headers: x-total"));
}

TEST(Cors, AnOriginThatIsNotAllowedIsToldNothing) {
  const CorsOptions options{.allow_origins = {"https://a.example"}, .allow_methods = {"GET"}};

  for (const auto origin : {"https://c.example", "http://a.example", "https://a.example.evil",
                            "https://a.example:8443", "null", ""}) {
    EXPECT_THAT(preflight(options, origin), ElementsAre("vary: origin")) << origin;
    EXPECT_THAT(answer(options, origin), ElementsAre("vary: origin")) << origin;
  }
}

TEST(Cors, AllOriginsAreAStar) {
  const CorsOptions options{.allow_origins = {"*"}, .allow_methods = {"*"}};

  EXPECT_THAT(preflight(options, "https://c.example"),
              ElementsAre("access-control-allow-origin: *", "access-control-allow-methods: *"));
  EXPECT_THAT(answer(options, "null"), ElementsAre("access-control-allow-origin: *"));
  EXPECT_THAT(answer(options, ""), IsEmpty());
}

TEST(Cors, AllOriginsOfASchemeAreNamedOneByOne) {
  const CorsOptions options{.allow_origins = {"https://*"}};

  EXPECT_THAT(answer(options, "https://c.example"),
              ElementsAre("vary: origin", "access-control-allow-origin: https://c.example"));
  EXPECT_THAT(answer(options, "http://c.example"), ElementsAre("vary: origin"));
  EXPECT_THAT(answer(options, "https://"), ElementsAre("vary: origin"));
}

TEST(CorsOptions, AreReadFromTheirGroup) {
  const auto made = cors_spec().make({{"allow_origins", "https://a.example"},
                                      {"allow_origins", "http://*"},
                                      {"allow_methods", "GET"},
                                      {"max_age", "300000000"}});

  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(made->on());
  EXPECT_THAT(preflight(*made, "http://x"),
              ElementsAre("vary: origin", "access-control-allow-origin: http://x",
                          "access-control-allow-methods: GET", "access-control-max-age: 300"));
  EXPECT_FALSE(cors_spec().make({})->on());
}

TEST(CorsOptions, SayWhatIsWrong) {
  const auto why = [](const ResolvedOptions& options) {
    const auto made = cors_spec().make(options);
    return made ? std::string() : made.error().message;
  };

  EXPECT_EQ(why({{"allow_methods", "GET"}}), "cors needs allow_origins");
  for (const auto origin :
       {"a.example", "https://a.example/", "https://*.example", "://a", "https://"})
    EXPECT_THAT(why({{"allow_origins", origin}}), HasSubstr("an origin is written as")) << origin;
  EXPECT_THAT(why({{"allow_origins", "*"}, {"allow_headers", "a, b"}}),
              HasSubstr("neither blanks nor commas"));
  EXPECT_THAT(why({{"allow_origins", "*"}, {"allow_credentials", "true"}}),
              HasSubstr("browsers take no * beside it"));
  EXPECT_EQ(why({{"allow_origins", "https://*"}, {"allow_credentials", "true"}}), "");
}

}  // namespace
}  // namespace tidemill::http
