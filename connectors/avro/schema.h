// Schema: the schema of Avro 1.11 that bytes were written with, as the decoder walks it.
//
// A value, unchanged once it is made: shared by threads at will.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/result.h"

namespace tidemill::avro {

enum class Type : std::uint8_t {
  null,
  boolean,
  integer,  ///< Avro's int.
  big,      ///< Avro's long.
  single,   ///< Avro's float.
  real,     ///< Avro's double.
  bytes,
  string,
  record,
  enumeration,
  array,
  map,
  choice,  ///< Avro's union.
  fixed,
};

/// What a value means beyond its type. Others than these are as if there were none.
enum class Meaning : std::uint8_t {
  none,
  decimal,
  uuid,
  date,
  time_millis,
  time_micros,
  timestamp_millis,
  timestamp_micros,
  timestamp_nanos,
  local_timestamp_millis,
  local_timestamp_micros,
  local_timestamp_nanos,
};

using NodeId = std::uint32_t;

struct Node {
  Type type = Type::null;
  Meaning meaning = Meaning::none;
  std::uint32_t size = 0;   ///< Bytes of a fixed.
  std::uint32_t scale = 0;  ///< Digits of a decimal behind its point.
  /// Fields of a record, branches of a union, or the one of an array or map.
  std::vector<NodeId> parts;
  /// Of fields (`"name":`) and of an enum (`"NAME"`), as they stand in JSON.
  std::vector<std::string> labels;
};

class Schema {
 public:
  /// More parts, or deeper, is no schema for us.
  static constexpr std::size_t parts_max = 20'000;
  static constexpr int depth_max = 64;

  /// The last of `texts` is the schema; those before it define types that it names. Errors:
  /// bad_event, with what is wrong with it.
  static Result<Schema> parse(std::span<const std::string> texts);
  static Result<Schema> parse(const std::string& text) { return parse(std::span(&text, 1)); }

  /// What it takes in memory, about.
  std::size_t bytes() const;

  const Node& root() const { return nodes_[root_]; }
  const Node& operator[](NodeId id) const { return nodes_[id]; }

 private:
  friend class SchemaParser;

  std::vector<Node> nodes_;
  NodeId root_ = 0;
};

}  // namespace tidemill::avro
