// PostgresSink: messages as rows of one table.
//
// A write is one transaction. Where the server refuses a row, halves of it are written until the
// row to blame is alone, which fails alone. Where nothing is wrong with a row - the server is
// away, full, read-only, or does not let us in - it is put off for as long as it takes. All of it
// on the pool; each write under way has a connection of its own.
#pragma once

#include <expected>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "connection.h"
#include "postgres.h"
#include "row_reader.h"
#include "server.h"
#include "table.h"
#include "tidemill/async.h"
#include "tidemill/registry.h"
#include "tidemill/sink.h"

namespace tidemill::postgres {

class PostgresSink final : public Sink {
 public:
  PostgresSink(SinkConfig config, Server server, RowRules rules, Services services);

  static constexpr Idempotence idempotence = Idempotence::by_key;

  SinkTraits traits() const override;
  std::string place() const override;
  Task<Result<std::string>> reach() override;
  Task<Result<>> open() override;
  Task<std::vector<Result<>>> write(SinkBatch batch) override;
  Task<> close() override;

 private:
  using Results = std::vector<Result<>>;
  using Lease = std::unique_ptr<Connection>;
  using TablePointer = std::shared_ptr<const Table>;

  Result<> prepare();
  Results write_rows(const SinkBatch& batch);
  void store_all(const Table& table, std::span<const Row* const> rows, Results& results);
  std::expected<Lease, Refusal> connection();
  void give_back(Lease connection);
  std::expected<TablePointer, Refusal> table();
  std::expected<TablePointer, Refusal> look_up(Connection& connection) const;
  Answer check_insert(Connection& connection, const Table& table) const;
  Answer store(Connection& connection, const Table& table, std::span<const Row* const> rows) const;
  Error told(const Refusal& refusal) const;

  const SinkConfig config_;
  const Server server_;
  const RowRules rules_;
  const Services services_;
  Interrupt interrupt_;
  std::mutex mutex_;
  std::vector<Lease> idle_;  // With mutex_.
  TablePointer table_;       // With mutex_; null until it is looked up, and where it has changed.
};

}  // namespace tidemill::postgres
