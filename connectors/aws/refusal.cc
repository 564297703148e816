#include "refusal.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <initializer_list>
#include <pugixml.hpp>
#include <utility>

#include "signed_client.h"

namespace tidemill::aws {
namespace {

namespace json = boost::json;

constexpr std::size_t words_max = 1000;

std::string text_at(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains({name.data(), name.size()});
  const json::string* const text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

// Not without end: it goes into logs and dead letters.
std::string cut(std::string text) {
  if (text.size() <= words_max) return text;
  std::size_t end = words_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text += "...";
}

bool one_of(std::string_view code, std::initializer_list<std::string_view> codes) {
  for (const std::string_view one : codes)
    if (code == one) return true;
  return false;
}

Refusal of_json(std::string_view text) {
  boost::system::error_code error;
  const json::value parsed = json::parse({text.data(), text.size()}, error);
  const json::object* const object = error ? nullptr : parsed.if_object();
  if (object == nullptr) return {};
  std::string code = text_at(*object, "__type");
  // Behind the namespace of the shape.
  if (const auto hash = code.rfind('#'); hash != code.npos) code.erase(0, hash + 1);
  std::string message = text_at(*object, "message");
  if (message.empty()) message = text_at(*object, "Message");
  return {cut(std::move(code)), cut(std::move(message))};
}

Refusal of_xml(std::string_view text) {
  pugi::xml_document document;
  if (!document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8))
    return {};
  const auto response = document.child("ErrorResponse");
  auto error = response.child("Error");
  if (!error) error = response.child("Errors").child("Error");
  return {cut(error.child_value("Code")), cut(error.child_value("Message"))};
}

}  // namespace

Refusal parse_refusal(std::string_view body) {
  return body.starts_with('<') ? of_xml(body) : of_json(body);
}

bool is_missing(const Refusal& refusal) {
  return one_of(refusal.code, {"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue",
                               "NotFound", "NotFoundException"});
}

bool is_denied(const Refusal& refusal) {
  return one_of(refusal.code, {"AccessDenied", "AccessDeniedException", "AuthorizationError",
                               "AuthorizationErrorException", "KmsAccessDenied"});
}

Error refused(const Addressee& to, const http_client::Response& answer) {
  const Refusal refusal = parse_refusal(answer.body);
  const std::string& code = refusal.code;
  std::string said = code.empty() ? std::to_string(answer.status) : code;
  if (!refusal.message.empty()) said += ": " + refusal.message;
  if (may_pass(answer)) return {Fault::unavailable, to.origin + " answers " + said};
  const auto mend = [](std::string sentence) {
    return Error{Fault::bad_config, std::move(sentence)};
  };
  if (is_missing(refusal))
    return mend("there is no " + to.thing + " at " + to.origin +
                "; create it, or correct its name, region or endpoint");
  if (is_denied(refusal))
    return mend(to.origin + " does not let us use the " + to.thing + " (" + said +
                "); allow it to these credentials");
  if (one_of(code, {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId",
                    "MissingAuthenticationToken", "MissingAuthenticationTokenException"}))
    return mend(to.origin + " does not know the access key (" + said +
                "); correct access_key, or where it comes from");
  if (one_of(code, {"SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"}))
    return mend("the secret key is not the one of the access key, says " + to.origin + " (" + said +
                "); correct secret_key, or where it comes from");
  if (code.empty())
    return mend(to.origin + " refuses the " + to.thing + " (" + said +
                "); is this an endpoint of " + to.service + "?");
  const bool of_a_key = code.starts_with("Kms") || code.starts_with("KMS");
  const bool of_us = answer.status == 401 || answer.status == 403 || of_a_key;
  return {of_us ? Fault::bad_config : Fault::bad_event,
          to.origin + " refuses it for the " + to.thing + " (" + said + ")"};
}

Error just_now(Error error) {
  if (error.fault == Fault::bad_config) error.fault = Fault::transient;
  return error;
}

}  // namespace tidemill::aws
