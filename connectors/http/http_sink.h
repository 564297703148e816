// HttpSink: messages as requests to one server, each with an id that a repeat has, too.
//
// The requests of a write go side by side, those of messages with the same key one after the other.
// All of it on the pool. A request that the server refuses fails its message alone; where nothing
// is wrong with a message - the server is away, busy, or does not know us - it is put off for as
// long as it takes.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "http_client/client.h"
#include "http_sink_request.h"
#include "oauth_token.h"
#include "tidemill/async.h"
#include "tidemill/registry.h"
#include "tidemill/sink.h"

namespace tidemill::http {

class HttpSink final : public Sink {
 public:
  /// `tokens` is null without oauth2.
  HttpSink(RequestMaker requests, std::unique_ptr<http_client::Client> client,
           std::unique_ptr<TokenSource> tokens, Services services);

  static constexpr Idempotence idempotence = Idempotence::at_least_once;

  SinkTraits traits() const override;
  std::string place() const override { return requests_.place(); }
  Task<Result<std::string>> reach() override;
  Task<Result<>> open() override;
  Task<std::vector<Result<>>> write(SinkBatch batch) override;
  Task<> close() override;

 private:
  using Results = std::vector<Result<>>;
  using Answers = std::vector<Result<http_client::Response>>;

  Result<std::string> look();
  Results write_messages(const SinkBatch& batch, WallTime now);
  void send(const SinkBatch& batch, std::span<const Prepared* const> prepared, WallTime now,
            Results& results);
  Result<Answers> exchange(const SinkBatch& batch, std::span<const Prepared* const> prepared,
                           WallTime now);
  void settle(const SinkBatch& batch, const Prepared& prepared,
              const Result<http_client::Response>& answer, WallTime now, Results& results);
  Error refused(const http_client::Response& answer) const;

  const RequestMaker requests_;
  const std::unique_ptr<http_client::Client> client_;
  const std::unique_ptr<TokenSource> tokens_;
  Services services_;
};

}  // namespace tidemill::http
