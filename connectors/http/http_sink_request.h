// RequestMaker: messages as requests - path, headers, body, the form of CloudEvents, signature.
//
// Immutable; thread-safe. Expressions may run in jq: use it on the pool.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "http_client/message.h"
#include "http_client/url.h"
#include "http_sink_config.h"
#include "http_sink_template.h"
#include "tidemill/sink.h"

namespace tidemill::http {

/// A request for one message, or for several as a batch of CloudEvents.
struct Prepared {
  std::string target;
  std::vector<http_client::Header> headers;
  std::string body;
  std::vector<std::size_t> effects;  ///< Indices in the batch that it was made of.
};

class RequestMaker {
 public:
  /// Errors: bad_config.
  static Result<RequestMaker> make(const SinkConfig& config, const CompileExpression& compile);

  const http_client::Url& server() const { return server_; }
  const SinkConfig& config() const { return config_; }

  /// The url as it is written, without the query, which may hold secrets.
  std::string place() const;

  /// The path up to its first expression, for looking whether the server is there.
  std::string fixed_target() const;

  /// Headers that tell the server who we are, but for a token of oauth2.
  const std::vector<http_client::Header>& credentials() const { return credentials_; }

  std::string_view method() const;

  /// For one message. Errors: bad_event (what an expression gives cannot be sent), bad_config.
  Result<Prepared> prepare(const SinkBatch& batch, std::size_t effect) const;

  /// Puts messages that go to the same place into as few requests as their bounds allow, in order.
  /// What prepare() made of each, with cloudevents: batched.
  std::vector<Prepared> packed(std::vector<Prepared> prepared) const;

  /// Halves of a request of several.
  std::pair<Prepared, Prepared> halves(const SinkBatch& batch, const Prepared& whole) const;

  /// As the request is sent: with credentials and signature. `prepared` outlives it.
  http_client::Request request(const Prepared& prepared, std::string_view id, WallTime now) const;

 private:
  RequestMaker() = default;
  Result<> read_headers(const CompileExpression& compile);
  void append_attributes(std::vector<http_client::Header>& headers, const Event& event,
                         const Effect& effect, std::string_view id) const;

  SinkConfig config_;
  http_client::Url server_;
  Template target_;
  std::vector<std::pair<std::string, Template>> headers_;
  std::vector<http_client::Header> credentials_;
  RequestSignature signature_;
};

/// An effect's id as a header holds it: printable, and of bounded length.
std::string header_id(const std::string& effect_id);

}  // namespace tidemill::http
