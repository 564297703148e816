#include "api_gateway_event.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

namespace tidemill::http {
namespace {

namespace json = boost::json;

json::value event_of(const ApiRequest& request) {
  std::string text = "before ";
  append_api_gateway_event(text, request);
  EXPECT_TRUE(text.starts_with("before {"));
  return json::parse(text.substr(7));
}

json::value event_with(std::vector<HttpHeader> headers, std::string_view body = {},
                       std::string_view query = {}) {
  ApiRequest request;
  request.headers = headers;
  request.body = body;
  request.query = query;
  return event_of(request);
}

TEST(ApiGatewayEvent, HasAllThatApiGatewaySays) {
  const std::vector<HttpHeader> headers{{"Host", "api.example.com:8081"},
                                        {"User-Agent", "curl/7.58.0"},
                                        {"Content-Type", "application/json; charset=utf-8"},
                                        {"Header2", "value1"},
                                        {"Cookie", "a=1; b=\"2\""},
                                        {"HEADER2", "value2"},
                                        {"cookie", "c=3;"}};
  const std::vector<PathParam> params{{"id", "caf\xC3\xA9"}, {"rest", "x/y"}};
  ApiRequest request;
  request.method = "POST";
  request.path = "/users/caf%C3%A9/x/y";
  request.query = "parameter1=value1&parameter1=value2&parameter2=a%20b+c";
  request.headers = headers;
  request.body = R"({"name": "Ann"})";
  request.route_key = "POST /users/{id}/{rest+}";
  request.params = params;
  request.source_ip = "1.2.3.4";
  request.request_id = "r-1";
  request.caller = "mobile";
  request.time = WallTime(1'587'481'701'067'890);
  request.api_id = "web";

  EXPECT_EQ(event_of(request), json::parse(R"({
    "version": "2.0",
    "routeKey": "POST /users/{id}/{rest+}",
    "rawPath": "/users/caf%C3%A9/x/y",
    "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=a%20b+c",
    "cookies": ["a=1", "b=\"2\"", "c=3"],
    "headers": {
      "content-type": "application/json; charset=utf-8",
      "header2": "value1,value2",
      "host": "api.example.com:8081",
      "user-agent": "curl/7.58.0"
    },
    "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "a b c"},
    "requestContext": {
      "accountId": "000000000000",
      "apiId": "web",
      "authorizer": {"lambda": {"principalId": "mobile"}},
      "domainName": "api.example.com",
      "domainPrefix": "api",
      "http": {
        "method": "POST",
        "path": "/users/caf%C3%A9/x/y",
        "protocol": "HTTP/1.1",
        "sourceIp": "1.2.3.4",
        "userAgent": "curl/7.58.0"
      },
      "requestId": "r-1",
      "routeKey": "POST /users/{id}/{rest+}",
      "stage": "$default",
      "time": "21/Apr/2020:15:08:21 +0000",
      "timeEpoch": 1587481701067
    },
    "pathParameters": {"id": "café", "rest": "x/y"},
    "body": "{\"name\": \"Ann\"}",
    "isBase64Encoded": false
  })"));
}

TEST(ApiGatewayEvent, WhatARequestHasNoneOfIsNotThere) {
  ApiRequest request;
  request.method = "GET";
  request.path = "/";
  request.route_key = "$default";

  EXPECT_EQ(event_of(request), json::parse(R"({
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/",
    "rawQueryString": "",
    "headers": {},
    "requestContext": {
      "accountId": "000000000000",
      "apiId": "",
      "domainName": "",
      "domainPrefix": "",
      "http": {"method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "", "userAgent": ""},
      "requestId": "",
      "routeKey": "$default",
      "stage": "$default",
      "time": "01/Jan/1970:00:00:00 +0000",
      "timeEpoch": 0
    },
    "isBase64Encoded": false
  })"));
}

TEST(ApiGatewayEvent, OneRequestLeavesNothingForTheNext) {
  event_with({{"a", "1"}, {"a", "2"}}, {}, "q=1");

  const json::value next = event_with({{"b", "3"}});

  EXPECT_EQ(next.at("headers"), json::parse(R"({"b": "3"})"));
  EXPECT_FALSE(next.as_object().contains("queryStringParameters"));
}

TEST(ApiGatewayEvent, ValuesOfANameKeepTheirOrder) {
  EXPECT_EQ(event_with({{"x", "3"}, {"a", "0"}, {"X", "1"}, {"x", "2"}}).at("headers"),
            json::parse(R"({"a": "0", "x": "3,1,2"})"));
}

TEST(ApiGatewayEvent, QueriesAreDecodedAsFormsAre) {
  const auto query = [](std::string_view text) {
    return event_with({}, {}, text).at("queryStringParameters");
  };

  EXPECT_EQ(query("a&b=&=c&&d=e=f"), json::parse(R"({"a": "", "b": "", "": "c", "d": "e=f"})"));
  EXPECT_EQ(query("%61=1&a=%C3%A9"), json::parse(R"({"a": "1,é"})"));
  EXPECT_EQ(query("a=100%&b=%zz+"), json::parse(R"({"a": "100%", "b": "%zz+"})"));
}

TEST(ApiGatewayEvent, ABodyOfTextIsText) {
  for (const auto type :
       {"text/plain", "TEXT/html; charset=utf-8", "application/json", "application/problem+json",
        "application/xml", "image/svg+xml", "application/javascript"}) {
    const json::value event = event_with({{"content-type", type}}, "a \"b\"\n");
    EXPECT_EQ(event.at("body"), "a \"b\"\n") << type;
    EXPECT_EQ(event.at("isBase64Encoded"), false);
  }
  EXPECT_EQ(event_with({}, "a").at("body"), "a");
}

TEST(ApiGatewayEvent, AnyOtherBodyIsBase64) {
  for (const auto type : {"image/png", "application/octet-stream",
                          "application/x-www-form-urlencoded", "multipart/form-data"}) {
    const json::value event = event_with({{"content-type", type}}, "abc");
    EXPECT_EQ(event.at("body"), "YWJj") << type;
    EXPECT_EQ(event.at("isBase64Encoded"), true);
  }
  EXPECT_EQ(event_with({{"content-type", "text/plain"}}, "\xff\xd8").at("body"), "/9g=");
}

TEST(ApiGatewayEvent, WhatIsNoUtf8InHeadersIsStillJson) {
  EXPECT_EQ(event_with({{"x", "a\xff"}}).at("headers").at("x"), "a\xEF\xBF\xBD");
}

TEST(ApiGatewayEvent, AnAddressOfVersionSixIsADomain) {
  EXPECT_EQ(event_with({{"host", "[::1]:8081"}}).at("requestContext").at("domainName"), "[::1]");
}

}  // namespace
}  // namespace tidemill::http
