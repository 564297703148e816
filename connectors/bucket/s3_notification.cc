#include "s3_notification.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <utility>

#include "aws/uri.h"

namespace tidemill::bucket {
namespace {

namespace json = boost::json;

const json::value* member(const json::value* value, std::string_view name) {
  const json::object* const object = value == nullptr ? nullptr : value->if_object();
  return object == nullptr ? nullptr : object->if_contains({name.data(), name.size()});
}

// Empty where it is no text.
std::string text_of(const json::value* value) {
  const json::string* const text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

std::string decoded(std::string key) {
  for (char& c : key)
    if (c == '+') c = ' ';
  return aws::uri_decode(key);
}

std::unexpected<Error> refuse(const std::string& why) {
  return fail(Fault::bad_event, "this is no notification of S3: " + why);
}

std::optional<S3Notification> read_record(const json::value& record) {
  const json::value* const s3 = member(&record, "s3");
  S3Notification read{text_of(member(member(s3, "bucket"), "name")),
                      text_of(member(member(s3, "object"), "key"))};
  if (read.bucket.empty() || read.key.empty()) return std::nullopt;
  if (text_of(member(&record, "eventSource")) != "ceph:s3") read.key = decoded(std::move(read.key));
  return read;
}

Result<std::vector<S3Notification>> read_records(const json::value& message) {
  if (text_of(member(&message, "Event")) == "s3:TestEvent") return std::vector<S3Notification>();
  const json::value* const records = member(&message, "Records");
  if (records == nullptr || !records->is_array()) return refuse("it has no list of Records");
  std::vector<S3Notification> notifications;
  for (const json::value& record : records->get_array()) {
    auto read = read_record(record);
    if (!read)
      return refuse("its record " + std::to_string(notifications.size() + 1) +
                    " has no s3.bucket.name and s3.object.key");
    notifications.push_back(std::move(*read));
  }
  return notifications;
}

// An event of EventBridge tells of one object, whose key is as it is.
Result<std::vector<S3Notification>> read_bridged(const json::value& message) {
  const json::value* const detail = member(&message, "detail");
  S3Notification read{text_of(member(member(detail, "bucket"), "name")),
                      text_of(member(member(detail, "object"), "key"))};
  if (read.bucket.empty() || read.key.empty())
    return refuse("the event of EventBridge has no detail.bucket.name and detail.object.key");
  return std::vector<S3Notification>{std::move(read)};
}

}  // namespace

Result<std::vector<S3Notification>> parse_s3_notifications(std::string_view text) {
  boost::system::error_code error;
  json::value message = json::parse({text.data(), text.size()}, error);
  if (error) return refuse("it is not JSON");
  // The envelope of a topic of SNS, with the message as text.
  if (text_of(member(&message, "Type")) == "Notification") {
    const std::string inner = text_of(member(&message, "Message"));
    message = json::parse(inner, error);
    if (error) return refuse("the Message in the envelope of SNS is not JSON");
  }
  if (text_of(member(&message, "source")) == "aws.s3") return read_bridged(message);
  return read_records(message);
}

}  // namespace tidemill::bucket
