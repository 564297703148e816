#include "avro/decode.h"

#include <simdjson.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "avro/meanings.h"
#include "json_text/json_text.h"

namespace tidemill::avro {
namespace {

constexpr std::size_t path_shown_max = 200;

template <class Number>
void append_number(std::string& out, Number number) {
  std::array<char, 32> text;
  out.append(text.data(), std::to_chars(text.begin(), text.end(), number).ptr);
}

// False: it is wrong, and `why_` says how. Outer values add to the path of the wrong one then.
class Decoder {
 public:
  Decoder(std::string& out, const Schema& schema, std::string_view bytes, std::uint64_t room)
      : out_(out), schema_(schema), rest_(bytes), out_max_(out.size() + room) {}

  Result<> run() {
    if (value(schema_.root()) && !rest_.empty())
      refuse(std::to_string(rest_.size()) + " bytes are left over");
    if (why_.empty()) return {};
    if (!path_.empty() && path_.size() <= path_shown_max) why_ = path_ + ": " + why_;
    return fail(Fault::bad_event, std::move(why_));
  }

 private:
  bool refuse(std::string why) {
    why_ = std::move(why);
    return false;
  }

  // Each appends something, so that what takes no bytes ends as well.
  bool value(const Node& node) {
    if (out_.size() > out_max_) return refuse("its JSON would be too large");
    switch (node.type) {
      case Type::null:
        out_ += "null";
        return true;
      case Type::boolean:
        return boolean();
      case Type::integer:
      case Type::big:
        return integer(node);
      case Type::single:
        return floating<float, std::uint32_t>();
      case Type::real:
        return floating<double, std::uint64_t>();
      case Type::bytes:
        return bytes(node, length());
      case Type::fixed:
        return bytes(node, take(node.size));
      case Type::string:
        return text();
      case Type::enumeration:
        return symbol(node);
      case Type::choice:
        return choice(node);
      case Type::record:
      case Type::array:
      case Type::map:
        return container(node);
    }
    return refuse("its type is unknown");
  }

  bool container(const Node& node) {
    if (nesting_ == nesting_max)
      return refuse("it is nested deeper than " + std::to_string(nesting_max) + " levels");
    ++nesting_;
    const bool whole = node.type == Type::record ? record(node) : blocks(node);
    --nesting_;
    return whole;
  }

  bool record(const Node& node) {
    out_ += '{';
    for (std::size_t i = 0; i < node.parts.size(); ++i) {
      const std::string& label = node.labels[i];
      if (i > 0) out_ += ',';
      out_ += label;
      if (value(schema_[node.parts[i]])) continue;
      // Without its quotes and colon.
      if (path_.size() <= path_shown_max) path_ = '.' + label.substr(1, label.size() - 3) + path_;
      return false;
    }
    out_ += '}';
    return true;
  }

  // Of an array or a map: counted items, as often as the count is not 0.
  bool blocks(const Node& node) {
    const bool map = node.type == Type::map;
    const Node& item = schema_[node.parts.front()];
    out_ += map ? '{' : '[';
    bool first = true;
    for (;;) {
      auto count = number();
      if (!count) return false;
      if (*count == 0) break;
      if (*count < 0) {
        // Its bytes follow, for readers that skip it.
        if (*count == std::numeric_limits<std::int64_t>::min()) return refuse("a count is wrong");
        count = -*count;
        if (!number()) return false;
      }
      for (std::int64_t i = 0; i < *count; ++i) {
        if (!std::exchange(first, false)) out_ += ',';
        if (map) {
          if (!text()) return false;
          out_ += ':';
        }
        if (!value(item)) return false;
      }
    }
    out_ += map ? '}' : ']';
    return true;
  }

  bool boolean() {
    const auto byte = take(1);
    if (!byte) return false;
    if (byte->front() != 0 && byte->front() != 1) return refuse("a boolean is neither 0 nor 1");
    out_ += byte->front() == 1 ? "true" : "false";
    return true;
  }

  bool integer(const Node& node) {
    const auto n = number();
    if (!n) return false;
    if (node.type == Type::integer && *n != static_cast<std::int32_t>(*n))
      return refuse("an int has more than 32 bits");
    if (node.meaning == Meaning::none || !append_instant(out_, node.meaning, *n))
      append_number(out_, *n);
    return true;
  }

  template <class Number, class Bits>
  bool floating() {
    const auto raw = take(sizeof(Number));
    if (!raw) return false;
    Bits bits = 0;  // The least of its bytes comes first.
    for (std::size_t i = sizeof bits; i-- > 0;)
      bits = static_cast<Bits>(bits << 8 | static_cast<unsigned char>((*raw)[i]));
    const auto n = std::bit_cast<Number>(bits);
    if (std::isfinite(n)) {
      append_number(out_, n);
    } else {
      out_ += "null";
    }
    return true;
  }

  bool bytes(const Node& node, std::optional<std::string_view> raw) {
    if (!raw) return false;
    out_ += '"';
    if (node.meaning == Meaning::decimal) {
      if (raw->size() > decimal_bytes_max) return refuse("a decimal is too long");
      append_decimal(out_, *raw, node.scale);
    } else if (node.meaning == Meaning::uuid) {
      append_uuid(out_, *raw);
    } else {
      append_base64(out_, *raw);
    }
    out_ += '"';
    return true;
  }

  bool text() {
    const auto raw = length();
    if (!raw) return false;
    if (!simdjson::validate_utf8(raw->data(), raw->size())) return refuse("a string is no UTF-8");
    out_ += '"';
    append_json_escaped(out_, *raw);
    out_ += '"';
    return true;
  }

  bool symbol(const Node& node) {
    const auto index = number();
    if (!index) return false;
    if (*index < 0 || static_cast<std::uint64_t>(*index) >= node.labels.size())
      return refuse("an enum has no symbol " + std::to_string(*index));
    out_ += node.labels[static_cast<std::size_t>(*index)];
    return true;
  }

  bool choice(const Node& node) {
    const auto index = number();
    if (!index) return false;
    if (*index < 0 || static_cast<std::uint64_t>(*index) >= node.parts.size())
      return refuse("a union has no branch " + std::to_string(*index));
    return value(schema_[node.parts[static_cast<std::size_t>(*index)]]);
  }

  std::optional<std::string_view> take(std::uint64_t size) {
    if (size > rest_.size()) {
      refuse("it ends too early");
      return std::nullopt;
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  // As many bytes as their number in front of them says.
  std::optional<std::string_view> length() {
    const auto size = number();
    if (!size) return std::nullopt;
    if (*size >= 0) return take(static_cast<std::uint64_t>(*size));
    refuse("a length is negative");
    return std::nullopt;
  }

  // Seven bits a byte, the least first; the sign is the last bit.
  std::optional<std::int64_t> number() {
    std::uint64_t bits = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) {
        refuse("it ends too early");
        return std::nullopt;
      }
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      bits |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80 && (shift < 63 || byte <= 1))
        return static_cast<std::int64_t>((bits >> 1) ^ (~(bits & 1) + 1));
    }
    refuse("a number has more than 64 bits");
    return std::nullopt;
  }

  std::string& out_;
  const Schema& schema_;
  std::string_view rest_;
  const std::uint64_t out_max_;
  int nesting_ = 0;
  std::string why_;
  std::string path_;
};

}  // namespace

Result<> append_json(std::string& out, const Schema& schema, std::string_view bytes,
                     std::uint64_t json_bytes_max) {
  return Decoder(out, schema, bytes, json_bytes_max).run();
}

Result<Framed> unframe(std::string_view message) {
  constexpr std::size_t frame = 5;
  if (message.size() < frame || message.front() != 0)
    return fail(Fault::bad_event, "it does not begin with a zero byte and the id of a schema");
  std::uint32_t id = 0;
  for (const char c : message.substr(1, frame - 1)) id = id << 8 | static_cast<unsigned char>(c);
  return Framed{id, message.substr(frame)};
}

}  // namespace tidemill::avro
