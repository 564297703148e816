// FileSink: appends one line of NDJSON per message to one file.
//
// One write and one fdatasync per batch, on the pool. A batch is appended whole or, as far as the
// file system lets us take it back, not at all; a line that a crash tore is cut off at open().
#pragma once

#include <string>
#include <vector>

#include "json_text/cloud_event.h"
#include "tidemill/async.h"
#include "tidemill/posix.h"
#include "tidemill/registry.h"
#include "tidemill/sink.h"

namespace tidemill::file {

class FileSink final : public Sink {
 public:
  /// `path` is absolute; its folders are made when missing.
  FileSink(std::string path, Envelope envelope, Services services);

  static constexpr Idempotence idempotence = Idempotence::at_least_once;

  SinkTraits traits() const override;
  std::string place() const override;
  Task<Result<>> open() override;
  Task<std::vector<Result<>>> write(SinkBatch batch) override;
  Task<> close() override;

 private:
  Result<> open_file();
  Result<> cut_torn_line();
  Result<> append(std::string_view lines);

  std::string path_;
  Envelope envelope_;
  Services services_;
  Descriptor file_;
  std::string lines_;         ///< Reused from batch to batch.
  bool may_be_torn_ = false;  ///< A write failed half-way and could not be taken back.
};

}  // namespace tidemill::file
