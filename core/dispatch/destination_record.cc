#include "core/dispatch/destination_record.h"

#include <string>

#include "core/base/json_line.h"
#include "tidemill/sink.h"

namespace tidemill {
namespace {

std::string_view word_of(Condition condition) {
  switch (condition) {
    case Condition::success:
      return "Success";
    case Condition::retries_exhausted:
      return "RetriesExhausted";
    case Condition::event_age_exceeded:
      return "EventAgeExceeded";
  }
  return {};
}

}  // namespace

std::string destination_record(const DestinationRecord& record) {
  const Event& event = record.event;
  const bool failed = record.condition != Condition::success;
  std::string identity;
  append_identity(identity, event, record.life);
  JsonLine context;
  context.text("requestId", identity)
      .text("functionArn", record.function)
      .text("condition", word_of(record.condition))
      .number("approximateInvokeCount", record.attempts);
  JsonLine request;
  if (!event.id.empty()) request.text("id", event.id);
  request.text("source", event.source)
      .text("type", event.type)
      .text("subject", event.subject)
      .number("partition", event.partition.value)
      .number("offset", event.offset.value)
      .text("key", event.key)
      .time("time", event.time.value)
      .text("datacontenttype", event.content_type);
  JsonLine response;
  response.text("executedVersion", record.function_version);
  if (failed) response.raw("functionError", "\"Unhandled\"");
  JsonLine line;
  line.raw("version", "\"1.0\"")
      .time("timestamp", record.now.value)
      .text("pipeline", record.pipeline)
      .raw("requestContext", context.finish())
      .raw("event", request.finish())
      .body("requestPayload", event.data.view())
      .raw("responseContext", response.finish());
  if (failed) line.text("errorMessage", record.reason);
  return line.finish();
}

}  // namespace tidemill
