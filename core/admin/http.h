// HttpRequest, HttpResponse: what a route of the admin API sees and answers. No network types, so a
// route needs no server to be tested.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tidemill/async.h"

namespace tidemill {

struct HttpRequest {
  std::string method;                                      ///< GET, POST, DELETE
  std::string path;                                        ///< As it was sent, without the query.
  std::map<std::string, std::string, std::less<>> query;   ///< Decoded; a repeated name: the last.
  std::map<std::string, std::string, std::less<>> params;  ///< The {name} parts of the route.
  std::string content_type;
  std::string body;

  /// The decoded query parameter, or `otherwise`.
  std::string query_or(std::string_view name, std::string_view otherwise) const {
    const auto found = query.find(name);
    return found == query.end() ? std::string(otherwise) : found->second;
  }
};

/// A body that is made while it is sent: an export, a tap.
class BodyStream {
 public:
  virtual ~BodyStream() = default;

  /// The next piece; empty at the end. An empty piece sends nothing. Not asked again before the
  /// piece was sent, so a slow reader slows the stream. Destroyed when the reader has left, which
  /// is noticed when a piece is sent: a stream that waits for long should send one now and then.
  virtual Task<std::optional<std::string>> next() = 0;
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::unique_ptr<BodyStream> stream;  ///< If set, sent instead of `body`.
  std::vector<std::pair<std::string, std::string>> headers;
};

inline HttpResponse text_response(unsigned status, std::string text) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(text);
  return response;
}

inline HttpResponse json_response(std::string json, unsigned status = 200) {
  HttpResponse response = text_response(status, std::move(json));
  response.content_type = "application/json";
  return response;
}

}  // namespace tidemill
