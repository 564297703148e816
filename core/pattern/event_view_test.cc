#include "core/pattern/event_view.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "core/pattern/testing/matching.h"

namespace tidemill::pattern {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::match;
using testing::set_of;

TEST(PatternEventView, SeesTheAttributesOfAnEventAndItsData) {
  const PatternSet set =
      set_of({R"({"id": ["1"]})", R"({"source": [{"prefix": "bucket:"}]})", R"({"type": ["page"]})",
              R"({"subject": [{"suffix": ".jpg"}]})", R"({"time": [{"prefix": "2026-"}]})",
              R"({"key": ["k"]})", R"({"headers": {"tenant": ["acme"], "a.b": ["c"]}})",
              R"({"data": {"n": [{"numeric": [">", 1]}]}})",
              R"({"source": ["bucket:x"], "data": {"n": [2]}})"});
  const std::vector<Attribute> headers = {{"tenant", "acme"}, {"a.b", "c"}, {"other", "d"}};
  EventView event{.id = "1",
                  .source = "bucket:x",
                  .type = "page",
                  .subject = "x.jpg",
                  .time = "2026-01-02T03:04:05Z",
                  .key = "k",
                  .headers = headers,
                  .data = R"({"n": 2})"};
  EXPECT_THAT(match(set, event), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8));
  event.data = R"([{"n": 1}, {"n": 3}])";
  EXPECT_THAT(match(set, event), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
}

TEST(PatternEventView, DataMayBeAnyJsonOrText) {
  const PatternSet set =
      set_of({R"({"data": [5, "five", {"prefix": "ERROR"}]})", R"({"data": [{"exists": false}]})"});
  const auto of = [&set](std::string_view data, EventView::Data kind) {
    return match(set, EventView{.data = data, .kind = kind});
  };
  EXPECT_THAT(of("5", EventView::Data::json), ElementsAre(0));
  EXPECT_THAT(of(R"(["four", "five"])", EventView::Data::json), ElementsAre(0));
  EXPECT_THAT(of("5", EventView::Data::text), IsEmpty());
  EXPECT_THAT(of("five", EventView::Data::text), ElementsAre(0));
  EXPECT_THAT(of("ERROR: no disk", EventView::Data::json_or_text), ElementsAre(0));
  EXPECT_THAT(of(R"("five")", EventView::Data::json_or_text), ElementsAre(0));
  EXPECT_THAT(of("", EventView::Data::json), ElementsAre(1));
  EXPECT_THAT(of("{}", EventView::Data::json), ElementsAre(1));
}

TEST(PatternEventView, DataThatShouldBeJsonAndIsNotIsABadEvent) {
  PatternSet::Scratch scratch;
  const EventView event{.type = "page", .data = "{broken"};
  const auto found = set_of({R"({"data": {"n": [1]}})"}).match(event, scratch);
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().fault, Fault::bad_event);
  EXPECT_THAT(found.error().message, HasSubstr("the data is not valid JSON: "));
  // Unless nobody asks for it.
  EXPECT_THAT(*set_of({R"({"type": ["page"]})"}).match(event, scratch), ElementsAre(0));
}

TEST(PatternEventView, KnowsWhichFieldsItReads) {
  const PatternSet set =
      set_of({R"({"time": ["x"]})", R"({"data": {"a": [1]}})", R"({"data.b": [1]})"});
  EXPECT_TRUE(set.reads("time"));
  EXPECT_TRUE(set.reads("data"));
  EXPECT_FALSE(set.reads("id"));
}

TEST(PatternEventView, TakesAnEventOfTheEngine) {
  const PatternSet set =
      set_of({R"({"id": ["orders/3@7"]})", R"({"time": ["2026-01-02T03:04:05.000000Z"]})",
              R"({"data": {"n": [1]}})", R"({"data": [{"prefix": "{"}]})",
              R"({"headers": {"h": ["v"]}})"});
  const std::vector<Attribute> extensions = {{"h", "v"}};
  Event event;
  event.partition = Partition(3);
  event.offset = Offset(7);
  event.source = "orders";
  event.time = EventTime(1'767'323'045'000'000);
  event.extensions = extensions;
  event.data = Bytes::forever(R"({"n": 1})");
  EXPECT_THAT(match(set, event), ElementsAre(0, 1, 2, 4));
  event.id = "own";
  event.content_type = "application/cloudevents+json; charset=utf-8";
  EXPECT_THAT(match(set, event), ElementsAre(1, 2, 4));
  event.content_type = "text/plain";
  EXPECT_THAT(match(set, event), ElementsAre(1, 3, 4));
  event.content_type = "";
  event.data = Bytes::forever("{n");
  EXPECT_THAT(match(set, event), ElementsAre(1, 3, 4));
}

}  // namespace
}  // namespace tidemill::pattern
