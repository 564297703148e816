// RecordEvents: makes an event of a record: what every connector that reads records has in common.
//
// The connector fills in where the event came from. One thread at a time.
#pragma once

#include <string_view>

#include "records/key_field.h"
#include "records/record_options.h"
#include "records/record_reader.h"
#include "tidemill/event.h"

namespace tidemill::records {

/// Extension attribute of an event whose record is longer than line_max: the record's length. The
/// event's data is only the record's beginning; it must not reach a function.
inline constexpr std::string_view oversized_attribute = "tidemill-oversized";

/// Extension attribute of an event whose bytes are no record: the reason. Must not reach a function
/// either.
inline constexpr std::string_view refused_attribute = "tidemill-refused";

class RecordEvents {
 public:
  explicit RecordEvents(const RecordOptions& options)
      : content_type_(options.format == Format::lines ? "text/plain" : "application/json"),
        key_(options.key) {}

  /// Sets data, content type, key, and the attribute of a record that is none.
  void fill(const Record& record, Event& event) const;

 private:
  std::string_view content_type_;
  KeyField key_;
};

}  // namespace tidemill::records
