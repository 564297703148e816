// CsvColumns: what the columns of a CSV are called; turns a record into a JSON object.
//
//     id,name          {"id":"7","name":"ann"}
//     7,ann
//
// Parsed once, asked per record; reuses its own memory. One thread at a time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tidemill/result.h"

namespace tidemill::records {

class CsvColumns {
 public:
  /// Not empty, and no name twice; the error says what is wrong.
  ///
  /// Errors: bad_config.
  static Result<CsvColumns> named(const std::vector<std::string>& names, char delimiter,
                                  bool typed);

  /// The names are a record's fields. Precondition: a CsvScanner found no fault with `record`.
  static Result<CsvColumns> of_header(std::string_view record, char delimiter, bool typed);

  /// The object that `record` is, valid until the next call. What is wrong with the record is a
  /// bad_event. Precondition: as above.
  Result<std::string_view> object(std::string_view record);

 private:
  CsvColumns(char delimiter, bool typed) : delimiter_(delimiter), typed_(typed) {}

  void append_value(std::string_view text, bool quoted);

  char delimiter_;
  bool typed_;
  std::vector<std::string> openings_;  ///< What comes before each value: `{"id":` or `,"name":`.
  std::string json_;
};

}  // namespace tidemill::records
