// What `tidemill table`, `stream` and `progress` print, as functions over a store: the admin API of
// a live engine and the command line on a stopped one share them. For `dlq` see core/letters.
//
// Everything is handed on line by line, without the line's end, as it is read: memory does not grow
// with the table. A sink answers false to end early, which is not an error. Lines are JSON objects
// with Form::json; with Form::text they are for people and may change.
//
// In JSON a row is {"key":..., "value":..., "time":...}; rows of one key and several windows have
// their windows in their values. The value is the body itself where that is JSON; else a string,
// with "value_encoding":"text", or for bytes that are not UTF-8 "base64". Other fields that are not
// UTF-8 are marked alike ("key_encoding":"base64"). Times are RFC 3339 in UTC; `time` is absent
// when unknown.
//
// Errors of all functions: transient, and bad_config for a name or number that does not exist; its
// sentence lists what does. Thread safety: as RocksStore.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>

#include "core/state/rocks_store.h"

namespace tidemill::inspect {

enum class Form { text, json };

using LineSink = std::function<bool(std::string_view line)>;

/// A pipeline by its name.
Result<PipelineId> find_pipeline(const RocksStore& store, std::string_view name);

/// One line per table: its name; in JSON with its number.
Result<> table_list(const RocksStore& store, Form form, const LineSink& lines);

/// The body alone, or the row as JSON. A key may be the name of a row (RocksStore::row_named);
/// where no row has it, but rows of windows do, all of these.
Result<> table_get(const RocksStore& store, std::string_view table, std::string_view key,
                   WallTime now, Form form, const LineSink& lines);

struct ScanOptions {
  std::string prefix;
  std::string after;  ///< Only rows behind the one of this name; empty: from the first.
  std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
};

/// Where a scan ended.
struct ScanEnd {
  std::uint64_t rows = 0;
  std::string last_key;  ///< Its name.
};

/// Rows in byte order of keys; as text, key and body with a tab between.
Result<ScanEnd> table_scan(const RocksStore& store, std::string_view table,
                           const ScanOptions& options, WallTime now, Form form,
                           const LineSink& lines);

Result<std::uint64_t> table_count(const RocksStore& store, std::string_view table, WallTime now);

/// One line per queue, log and table whose changes are kept: how much there is in it.
Result<> stream_list(RocksStore& store, Form form, const LineSink& lines);

/// One line per partition and per settled object of a pipeline's present source.
Result<> progress_show(RocksStore& store, std::string_view pipeline, Form form,
                       const LineSink& lines);

/// Forgets the progress of a pipeline, which must not run, and says what was removed.
Result<> progress_reset(RocksStore& store, std::string_view pipeline, Form form,
                        const LineSink& lines);

}  // namespace tidemill::inspect
