// EngineCalls: the worker's end of host_calls.h - what a handler asks of its host is asked of the
// engine, and answered before anything else happens.
//
// For the thread that runs the batch, while it runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/invoke/table_access.h"
#include "core/worker/channel.h"
#include "tidemill/bytes.h"
#include "tidemill/log.h"
#include "tidemill/result.h"

namespace tidemill::worker {

class EngineCalls final : public Log {
 public:
  /// Both outlive it.
  EngineCalls(const Channel& channel, Port& port) : channel_(channel), port_(port) {}

  void write(LogLevel level, std::string_view sentence) override;

  /// Errors: as Source::read_object; transient when the object does not fit into the memory.
  Result<Bytes> read_object(std::size_t event, std::uint64_t bytes_max);

  /// Errors: as TableReader; transient when the row does not fit into the memory.
  Result<std::optional<Bytes>> read_row(std::string_view table, std::string_view key);

  /// Errors: as TableScanner; transient when the page does not fit into the memory.
  Result<Bytes> scan_rows(const TableScan& scan);

  /// Answers the start: Word::ready or Word::refused.
  void report(Word word, std::uint32_t status, std::string_view sentence);

 private:
  struct Read {
    Bytes bytes;
    bool found;
  };

  Message ask(const Message& question);
  std::size_t say(std::string_view first, std::string_view second);
  Result<Read> receive(Message piece);

  const Channel& channel_;
  Port& port_;
};

}  // namespace tidemill::worker
