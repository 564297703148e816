#include "core/dispatch/destination_record.h"

#include "core/base/json_line.h"

namespace tidemill {

std::string destination_record(const DestinationRecord& record) {
  const Event& event = record.event;
  JsonLine context;
  context.text("requestId", event_id(event))
      .text("functionArn", record.function)
      .text("condition", record.reason ? "RetriesExhausted" : "Success")
      .number("approximateInvokeCount", record.attempts);
  JsonLine request;
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
  if (record.reason) response.raw("functionError", "\"Unhandled\"");
  JsonLine line;
  line.raw("version", "\"1.0\"")
      .time("timestamp", record.now.value)
      .text("pipeline", record.pipeline)
      .raw("requestContext", context.finish())
      .raw("event", request.finish())
      .body("requestPayload", event.data.view())
      .raw("responseContext", response.finish());
  if (record.reason) line.text("errorMessage", *record.reason);
  return line.finish();
}

}  // namespace tidemill
