// ArchiveSink: staged events as large objects of a bucket, `dt=2026-01-31/hour=08/NAME.ndjson.zst`.
//
// Lines, compression and files are made on the pool, a page of events at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "json_text/cloud_event.h"
#include "object_store.h"
#include "records/compressor.h"
#include "tidemill/registry.h"
#include "tidemill/staged_sink.h"

namespace tidemill::bucket {

struct RollOptions {
  ByteSize bytes{128u << 20};
  Duration age = std::chrono::minutes(10);
};

struct ArchiveConfig {
  std::string url;
  RollOptions roll;
  records::Compression compression = records::Compression::zstd;
  std::uint32_t level = 0;
  std::string time;
  Envelope envelope = Envelope::none;
  ByteSize max_staged{1u << 30};
  S3Options s3;
};

ConfigSpec<ArchiveConfig> archive_spec();

class ArchiveSink final : public StagedSink {
 public:
  ArchiveSink(std::unique_ptr<ObjectStore> store, ArchiveConfig config, Services services);

  static constexpr Idempotence idempotence = Idempotence::atomic;

  SinkTraits traits() const override {
    return {.idempotence = idempotence, .takes_messages = true};
  }
  std::string place() const override { return store_->place(); }
  Task<Result<std::string>> reach() override;
  Task<Result<>> open() override;
  Task<> close() override { co_return; }

  StagePolicy policy() const override;
  ObjectPlan plan(Hour hour, std::string_view name) const override;
  Task<Result<>> begin(const ObjectPlan& plan) override;
  Task<Result<>> add(std::span<const Event> events) override;
  Task<Result<std::uint64_t>> finish() override;
  Task<> abandon() override;

 private:
  Result<> begin_object(const ObjectPlan& plan);
  Result<> add_lines(std::span<const Event> events);
  Result<std::uint64_t> finish_object();
  Result<> write_out();

  const std::unique_ptr<ObjectStore> store_;
  const ArchiveConfig config_;
  Services services_;
  // Of the object that is being made; between calls on the executor, in them on the pool.
  std::unique_ptr<ObjectWriter> object_;
  std::unique_ptr<records::Compressor> compressor_;
  Envelope envelope_ = Envelope::none;
  std::string lines_;
  std::string compressed_;
  std::uint64_t written_ = 0;
};

Result<std::unique_ptr<Sink>> make_archive(ArchiveConfig config, Services services);

}  // namespace tidemill::bucket
