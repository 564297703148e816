#include "core/dispatch/tap_line.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemill {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t much = 1000;

Event some_event() {
  Event event;
  event.partition = Partition(2);
  event.offset = Offset(7);
  event.source = "log:clicks";
  event.type = "page";
  event.key = "ann";
  event.time = EventTime(1'767'225'600'000'000);
  event.content_type = "application/json";
  event.data = Bytes::forever("{\"n\":1}");
  return event;
}

TEST(TapLine, HasTheFieldsThatPatternsAskForAndWhereItWasSeen) {
  EXPECT_EQ(source_line(some_event(), much),
            R"({"at":"source","position":"log:clicks/2@7","source":"log:clicks","type":"page",)"
            R"("time":"2026-01-01T00:00:00.000000Z","key":"ann","content_type":"application/json",)"
            R"("data":{"n":1}})");
}

TEST(TapLine, CutsLongDataOffBetweenLettersAndSaysHowLongItWas) {
  Event event;
  event.source = "s";
  event.data = Bytes::forever("{\"a\":\"zzü\"}");

  EXPECT_EQ(
      source_line(event, 9),
      R"({"at":"source","position":"s/0@0","source":"s","data":"{\"a\":\"zz","data_bytes":12})");
}

TEST(TapLine, BytesThatAreNoTextAreMarked) {
  Event event;
  event.source = "s";
  event.data = Bytes::forever("\xFF\xFE");

  EXPECT_EQ(
      source_line(event, much),
      R"({"at":"source","position":"s/0@0","source":"s","data":"//4=","data_encoding":"base64"})");
}

TEST(TapLine, HeadersAreShownButNotTheCredentialsAmongThem) {
  Event event;
  event.source = "s";
  const std::vector<Attribute> headers = {
      {"tenant", "ac\"me\xFF"}, {"Authorization", "Bearer abc"}, {"cookie", "id=1"}};
  event.extensions = headers;

  EXPECT_EQ(source_line(event, much),
            R"({"at":"source","position":"s/0@0","source":"s",)"
            "\"headers\":{\"tenant\":\"ac\\\"me\xEF\xBF\xBD\",\"Authorization\":\"***\","
            "\"cookie\":\"***\"}}");
}

TEST(TapLine, ATextWithoutEndEndsSoon) {
  const std::string endless(100'000, 'x');
  Event event;
  event.source = "s";
  event.key = endless;
  const std::vector<Attribute> headers = {{"tenant", endless}};
  event.extensions = headers;

  const std::string line = source_line(event, much);

  EXPECT_LT(line.size(), 2500U);
  EXPECT_NE(line.find("x…\"}"), std::string::npos);
}

TEST(TapLine, IsNoCommandToATerminalAndStillTheSameJson) {
  Event event;
  event.source = "s\x1b[2J";
  event.key =
      "\xC2\x9B"
      "31m";
  event.data = Bytes::forever(
      "{\t\"a\": \n\"\xC2\x9B"
      "2J \x7F ü \\u001b\"}");

  EXPECT_EQ(source_line(event, much),
            R"({"at":"source","position":"s\u001b[2J/0@0","source":"s\u001b[2J",)"
            R"("key":"\u009b31m","data":{ "a":  "\u009b2J \u007f ü \u001b"}})");
}

TEST(TapLine, OfAFunctionSaysWhatCameOfTheEvent) {
  Event event;
  event.source = "s";
  const Outcome outcome{.word = "retry",
                        .reason = "busy",
                        .request_id = "p-3",
                        .attempt = 2,
                        .took = 1500us,
                        .effects = 0};

  EXPECT_EQ(function_line(event, outcome, much),
            R"({"at":"function","position":"s/0@0","source":"s","outcome":"retry","reason":"busy",)"
            R"("request_id":"p-3","attempt":2,"took_us":1500,"effects":0})");
}

TEST(TapLine, OfASinkSaysWhatItGotAndFromWhichEvent) {
  Event event;
  event.source = "s";
  event.key = "of the event";
  const Effect effect{.kind = EffectKind::merge_row,
                      .operand = -3,
                      .key = "row",
                      .content_type = {},
                      .data = {},
                      .metadata = {}};

  EXPECT_EQ(effect_line(event, effect, "totals", "sums", much),
            R"({"at":"sinks","position":"s/0@0","source":"s","sink":"totals","output":"sums",)"
            R"("effect":"merge_row","key":"row","operand":-3})");
}

}  // namespace
}  // namespace tidemill
