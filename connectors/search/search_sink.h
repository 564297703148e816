// SearchSink: messages as documents of one index, each under an id that a repeat has, too.
//
// A write is as many requests to _bulk as its bytes need, side by side; documents of one id go one
// after the other. All of it on the pool. What the server says of each document is its result: a
// document that is refused fails alone. Where nothing is wrong with a document - the server is
// away, busy, out of space, or does not let us in - it is put off for as long as it takes.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bulk.h"
#include "bulk_answer.h"
#include "http_client/client.h"
#include "search.h"
#include "tidemill/async.h"
#include "tidemill/registry.h"
#include "tidemill/sink.h"

namespace tidemill::search {

class SearchSink final : public Sink {
 public:
  /// `id` is null where documents go under the ids of their effects.
  SearchSink(SinkConfig config, std::shared_ptr<const EventExpression> id,
             std::unique_ptr<http_client::Client> client, Services services);

  static constexpr Idempotence idempotence = Idempotence::by_key;
  static constexpr std::size_t side_by_side = 4;  ///< Requests of one write.

  SinkTraits traits() const override;
  std::string place() const override;
  Task<Result<std::string>> reach() override;
  Task<Result<>> open() override;
  Task<std::vector<Result<>>> write(SinkBatch batch) override;
  Task<> close() override;

 private:
  using Results = std::vector<Result<>>;

  Result<> probe();
  Results write_documents(const SinkBatch& batch);
  Result<Item> item_of(const SinkBatch& batch, std::size_t effect) const;
  Result<std::string> id_of(const SinkBatch& batch, const Effect& effect) const;
  void send(std::span<const Item* const> items, Results& results);
  /// What is to be sent again in smaller pieces is put into `smaller`.
  void settle(const Bulk& bulk, const Result<http_client::Response>& answer, Results& results,
              std::vector<Bulk>& smaller) const;
  void settle_each(const Bulk& bulk, std::string_view body, Results& results) const;
  Result<> outcome_of(const Item& item, ItemAnswer answer) const;
  http_client::Request request_for(const Bulk& bulk) const;
  Error refused(const http_client::Response& answer) const;

  const SinkConfig config_;
  const std::shared_ptr<const EventExpression> id_;
  const std::unique_ptr<http_client::Client> client_;
  const Services services_;
  std::string authorization_;  ///< A secret.
};

}  // namespace tidemill::search
