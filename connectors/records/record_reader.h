// RecordReader: cuts a stream of bytes into records: lines, or records of CSV as JSON objects.
//
// The owner reads into room() and says how much; peek() and take() only look at memory. A line is a
// view into the bytes that were read, a JSON object lies in an arena; both live as long as their
// owner. Memory is bounded by line_max, the chunk at hand and what the records hold. One thread at
// a time.
//
// Positions count the bytes of the stream (of what an archive holds, not of the archive).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "records/chunk_buffer.h"
#include "records/csv_columns.h"
#include "records/csv_scanner.h"
#include "records/record_options.h"

namespace tidemill::records {

struct Record {
  std::string_view text;  ///< The payload; of one that is oversized or refused its beginning.
  std::uint64_t begin = 0;
  std::uint64_t end = 0;        ///< Behind its line end.
  std::uint64_t oversized = 0;  ///< Length of the whole record if it is over line_max, else 0.
  std::string refused;          ///< Why it is no record; empty if it is one.
  const std::shared_ptr<const void>* owner = nullptr;  ///< Keeps `text` alive.
};

class RecordReader {
 public:
  static constexpr std::size_t prefix_bytes = 1024;

  /// `keep` lives as long as any record's owner does.
  RecordReader(const RecordOptions& options, std::shared_ptr<const void> keep);

  /// Begins a stream: the next byte filled is its first.
  void start();

  /// Goes on at `position`, where a record begins; what was read before it is dropped. If that is
  /// behind all that was read, it is the position of the next byte filled.
  /// Precondition: knows_columns().
  void skip_to(std::uint64_t position);

  /// False: the beginning of the stream is needed first. Looks for the header in what was read.
  bool knows_columns();

  std::span<char> room() { return buffer_.room(); }
  void filled(std::size_t count) { buffer_.filled(count); }

  /// Behind the last byte filled.
  std::uint64_t position() const { return begin_ + dropped_ + buffer_.bytes().size(); }

  /// The stream ends here: what follows the last line end is a record.
  void end() { ended_ = true; }

  /// Were bytes filled that are in no record yet?
  bool has_rest() const { return !buffer_.bytes().empty(); }

  /// The next whole record; null if there is none in what was read. The same one until take().
  const Record* peek();
  void take();

  /// Why the stream cannot be read at all: what is wrong with its header. Empty if nothing is.
  const std::string& fault() const { return fault_; }

  /// Holds no more memory than the rest needs.
  void shrink();

 private:
  bool skip_byte_order_mark();
  bool peek_line();
  bool peek_csv();
  bool read_header();
  std::optional<std::size_t> record_end();
  void consume(std::size_t bytes);
  void let_go_of_oversized();
  void set_record(std::string_view text, std::size_t next);
  void set_object(std::string_view record);
  std::string_view in_arena(std::string_view text);

  const RecordOptions options_;
  std::shared_ptr<const void> keep_;
  ChunkBuffer buffer_;
  std::uint64_t begin_ = 0;    ///< Position of the first byte in the buffer, but for:
  std::uint64_t dropped_ = 0;  ///< Bytes of an oversized record that were let go, behind begin_.
  std::size_t scanned_ = 0;    ///< So many bytes of the buffer have no line end.
  bool at_start_ = true;       ///< A byte order mark may come.
  bool ended_ = false;
  std::string fault_;

  bool ready_ = false;  ///< record_ is the next one.
  Record record_;
  std::size_t next_ = 0;  ///< In the buffer, behind record_ and its line end.

  CsvScanner scanner_;
  std::optional<CsvColumns> columns_;
  ChunkBuffer arena_;
};

}  // namespace tidemill::records
