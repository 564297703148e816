#include "core/http/response_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemill {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string head_of(const HttpResponse& response, ResponseFrame frame = {}) {
  frame.date = "Sun, 06 Nov 1994 08:49:37 GMT";
  std::string out;
  EXPECT_TRUE(append_response_head(out, response, frame));
  return out;
}

TEST(ResponseHead, SaysWhatFollows) {
  EXPECT_EQ(head_of(text_response(200, "hello")),
            "HTTP/1.1 200 OK\r\nServer: tidemill\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n"
            "X-Content-Type-Options: nosniff\r\nContent-Length: 5\r\n\r\n");
}

TEST(ResponseHead, OfWhatHasNoBodySaysNothingOfOne) {
  const std::string head = head_of(text_response(204, ""));
  EXPECT_THAT(head, StartsWith("HTTP/1.1 204 No Content\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
}

TEST(ResponseHead, SaysHowTheConnectionGoesOn) {
  EXPECT_THAT(head_of(text_response(200, ""), {.keep_alive = false}),
              HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(head_of(text_response(200, ""), {.version = 10}),
              HasSubstr("Connection: keep-alive\r\n"));
  const std::string chunked = head_of(text_response(200, ""), {.chunked = true});
  EXPECT_THAT(chunked, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(chunked, Not(HasSubstr("Content-Length")));
}

TEST(ResponseHead, LeavesOutWhatCannotBeSent) {
  for (const auto& [name, value] :
       {std::pair("", "x"), std::pair("a b", "x"), std::pair("a", "x\r\ny: z"),
        std::pair("Content-Length", "7"), std::pair("transfer-encoding", "chunked")}) {
    HttpResponse response = text_response(200, "");
    response.headers.emplace_back(name, value);
    std::string out;
    EXPECT_FALSE(append_response_head(out, response, {})) << name;
    EXPECT_THAT(out, Not(HasSubstr("y: z")));
    EXPECT_THAT(out, Not(HasSubstr("7")));
  }
}

TEST(ResponseHead, AnAnswerMaySayHowLongItIsKept) {
  HttpResponse response = text_response(200, "");
  response.headers.emplace_back("cache-control", "max-age=60");
  const std::string head = head_of(response);
  EXPECT_THAT(head, HasSubstr("max-age=60"));
  EXPECT_THAT(head, Not(HasSubstr("no-store")));
}

TEST(HttpDate, IsAsTheStandardWritesIt) {
  EXPECT_EQ(http_date(WallTime(784111777ull * 1'000'000)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(WallTime(1709251199ull * 1'000'000)), "Thu, 29 Feb 2024 23:59:59 GMT");
}

}  // namespace
}  // namespace tidemill
