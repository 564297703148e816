#include "json_text/cloud_event.h"

#include <gtest/gtest.h>

namespace tidemill {
namespace {

std::string line_of(const Event& event, const Effect& effect) {
  std::string out;
  append_cloud_event(
      out,
      {.pipeline = "p", .sink = "out", .life = {}, .events = {&event, 1}, .effects = {&effect, 1}},
      effect);
  return out;
}

TEST(CloudEvent, SaysWhatIsKnownOfTheMessageAndItsEvent) {
  Event event;
  event.id = "o-7";
  event.source = "kafka:orders";
  event.type = "order";
  event.subject = "7";
  event.time = EventTime(1'700'000'000'000'042);
  Effect effect;
  effect.ordinal = 2;
  effect.key = "customer";
  effect.content_type = "application/json";
  effect.data = "{\"total\":\n12}";

  EXPECT_EQ(line_of(event, effect),
            R"({"specversion": "1.0", "id": "p:out:kafka:orders#o-7#2", "source": "kafka:orders", )"
            R"("type": "order", "subject": "7", "time": "2023-11-14T22:13:20.000042Z", )"
            R"("partitionkey": "customer", "datacontenttype": "application/json", )"
            R"("data": {"total": 12}})"
            "\n");
}

TEST(CloudEvent, AttributesAreThoseOfTheLine) {
  Event event;
  event.id = "o-7";
  event.source = "kafka:orders";
  event.time = EventTime(1'700'000'000'000'042);
  Effect effect;
  effect.key = "customer";
  const SinkBatch batch{
      .pipeline = "p", .sink = "out", .life = {}, .events = {&event, 1}, .effects = {&effect, 1}};

  const std::vector<std::pair<std::string_view, std::string>> expected{
      {"specversion", "1.0"},
      {"id", "p:out:kafka:orders#o-7#0"},
      {"source", "kafka:orders"},
      {"type", "tidemill.message"},
      {"time", "2023-11-14T22:13:20.000042Z"},
      {"partitionkey", "customer"}};
  EXPECT_EQ(cloud_event_attributes(batch, effect), expected);
}

TEST(CloudEvent, HasWhatEveryCloudEventNeeds) {
  Effect effect;
  effect.data = "plain \"text\"";

  EXPECT_EQ(line_of(Event{}, effect),
            R"({"specversion": "1.0", "id": "p:out:/0@0#0", "source": "tidemill", )"
            R"("type": "tidemill.message", "data": "plain \"text\""})"
            "\n");
}

TEST(CloudEvent, BytesThatAreNoTextAreBase64) {
  Effect effect;
  effect.content_type = "image/png";
  effect.data = "\xff\x01";

  EXPECT_NE(
      line_of(Event{}, effect).find(R"("datacontenttype": "image/png", "data_base64": "/wE="})"),
      std::string::npos);
}

}  // namespace
}  // namespace tidemill
