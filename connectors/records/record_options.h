// RecordOptions: what a user says about the records of a stream, and its declaration, which every
// connector that reads records shares.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "records/key_field.h"
#include "tidemill/config_spec.h"

namespace tidemill::records {

enum class Format {
  ndjson,  ///< One JSON text per line.
  lines,   ///< Any text.
  csv,     ///< RFC 4180; each record becomes a JSON object.
};

enum class Compression { automatic, none, gzip, zstd };

struct CsvOptions {
  std::string delimiter = ",";
  std::vector<std::string> columns;
  bool typed = false;
};

struct RecordOptions {
  Format format = Format::ndjson;
  CsvOptions csv;
  Compression compression = Compression::automatic;
  std::string key;
  ByteSize line_max{1024 * 1024};
};

inline ConfigSpec<CsvOptions> csv_spec() {
  return ConfigSpec<CsvOptions>("How CSV is written.")
      .field("delimiter", &CsvOptions::delimiter, "The character between two fields.")
      .field("columns", &CsvOptions::columns,
             "The columns' names; without them the first record names them.")
      .field("typed", &CsvOptions::typed,
             "Fields without quotes that read as JSON numbers (of up to 15 digits), true or false "
             "become that, empty ones null; otherwise all are strings.")
      .check("csv.delimiter takes one character of ASCII that is no quote and no line end",
             [](const CsvOptions& c) {
               return c.delimiter.size() == 1 &&
                      static_cast<unsigned char>(c.delimiter[0]) < 0x80 &&
                      std::string_view("\"\r\n").find(c.delimiter[0]) == std::string_view::npos;
             });
}

/// Adds the options to a connector's own. `Config` is derived from RecordOptions.
template <class Config>
ConfigSpec<Config> with_record_options(ConfigSpec<Config> spec) {
  Format Config::* format = &RecordOptions::format;
  CsvOptions Config::* csv = &RecordOptions::csv;
  Compression Config::* compression = &RecordOptions::compression;
  std::string Config::* key = &RecordOptions::key;
  ByteSize Config::* line_max = &RecordOptions::line_max;
  return std::move(spec)
      .choice("format", format,
              "What a record is: a line of JSON, any line, or a record of CSV, which becomes a "
              "JSON object.",
              {{"ndjson", Format::ndjson}, {"lines", Format::lines}, {"csv", Format::csv}})
      .group("csv", csv, csv_spec())
      .choice("compression", compression,
              "auto goes by the ending .gz, .zst or .zstd of the name, else by the first bytes.",
              {{"auto", Compression::automatic},
               {"none", Compression::none},
               {"gzip", Compression::gzip},
               {"zstd", Compression::zstd}})
      .field("key", key,
             "Where the key of an event stands in its JSON, as .user or .user.id; it is taken as "
             "it is written there.")
      .field("line_max", line_max,
             "A longer line, or record of CSV, goes to the dead letters with its beginning.",
             in_range(1024, 64 * 1024 * 1024))
      .check("key takes a path such as .user or .user.id",
             [](const Config& c) { return c.key.empty() || KeyField::is_path(c.key); })
      .check("key needs JSON: format ndjson or csv",
             [](const Config& c) { return c.key.empty() || c.format != Format::lines; });
}

}  // namespace tidemill::records
