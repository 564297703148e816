// TableAccess: how a handler that runs reads the tables of its engine, in this process or from a
// worker. Thread-safe; what was read, and how fresh it was, is added to `reads`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/bytes.h"
#include "tidemill/function_abi.h"
#include "tidemill/invocation.h"
#include "tidemill/result.h"

namespace tidemill {

/// Reads one row of a table; nothing when there is none. Errors: transient.
using TableReader = std::function<Result<std::optional<Bytes>>(
    std::string_view table, std::string_view key, std::vector<RowRead>& reads)>;

/// How many rows the handler of one batch may read: each is remembered until its effects commit.
inline constexpr std::size_t reads_max = 100'000;
inline constexpr std::string_view too_many_reads =
    "the handler has read as many rows for this batch as it may, 100 000";

/// The rows of `table` whose keys begin with `prefix` and lie behind `after`, in byte order, until
/// a limit is reached; one comes at any rate.
struct TableScan {
  std::string_view table;
  std::string_view prefix;
  std::string_view after;
  std::uint32_t rows_max = 1;
  std::uint64_t bytes_max = 0;  ///< Of keys and values.
  bool loose = false;           ///< What was read is not added to the reads.

  /// Asks for no more rows than may be remembered beside so many reads. Errors: transient.
  Result<> fit(std::size_t reads);
};

/// Answers a ScanPage's bytes. Errors: transient.
using TableScanner =
    std::function<Result<Bytes>(const TableScan& scan, std::vector<RowRead>& reads)>;

/// Both, as an engine lends them to its functions; empty: there are no tables.
struct TableAccess {
  TableReader read_row;
  TableScanner scan_rows;
};

/// A scan's question as bytes, for a worker's call of its engine.
std::string scan_text(const TableScan& scan);
std::optional<TableScan> read_scan(std::string_view text);

/// What a scan found, as one piece of bytes: made row by row, read as rows of the ABI.
class ScanPageWriter {
 public:
  explicit ScanPageWriter(const TableScan& scan) : scan_(scan) {}

  /// False: the page is full, and there is more.
  bool add(std::string_view key, std::string_view value);

  Bytes finish();

 private:
  const TableScan scan_;
  std::string rows_;
  std::uint32_t count_ = 0;
  std::uint64_t bytes_ = 0;
  bool more_ = false;
};

struct ScanPage {
  std::vector<tidemill_row> rows;  ///< They view the bytes.
  bool more = false;
};
std::optional<ScanPage> read_scan_page(std::string_view bytes);

}  // namespace tidemill
