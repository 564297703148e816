// The files that bench_file_source reads: lines of JSON, records of CSV, and archives of the
// former.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tidemill::bench {

/// What is in a file, as a reader of it counts.
struct Input {
  std::string path;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  ///< Of the records' text, without line ends.
};

/// Each line is a JSON object of 500 bytes, its line end not counted.
Input write_json_lines(const std::string& path, std::uint64_t records);

/// Ten columns, 500 bytes a record; each tenth record has a quoted field. `bytes` is not known.
Input write_csv(const std::string& path, std::uint64_t records);

/// `plain` as an archive beside it.
Input compressed(const Input& plain, const std::string& ending,
                 std::string (*compress)(std::string_view text));

}  // namespace tidemill::bench
