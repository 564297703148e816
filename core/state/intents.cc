#include "core/state/intents.h"

#include <deque>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/state/aggregate.h"
#include "core/state/byte_codec.h"
#include "core/state/values.h"

namespace tidemill::state {
namespace {

constexpr std::uint8_t version = 1;

// What is read, with all that it views.
struct Kept {
  std::string bytes;
  std::deque<Aggregate> aggregates;
  std::deque<std::vector<Attribute>> extensions;
  CommitPart part;
};

// Writes and reads share one description of every struct, below: `code(field)` for each field.
class Writer {
 public:
  template <class T>
  using Of = const T;

  explicit Writer(std::string& out) : out_(out) {}

  template <class T>
    requires std::is_integral_v<T> || std::is_enum_v<T>
  void operator()(const T& value) {
    append_big_endian(out_, static_cast<std::uint64_t>(value));
  }
  void operator()(const std::string& text) { append_sized(out_, text); }
  void operator()(const std::string_view& text) { append_sized(out_, text); }
  void operator()(const Aggregate* aggregate) {
    (*this)(aggregate != nullptr);
    if (aggregate != nullptr) append_aggregate(out_, *aggregate);
  }
  void operator()(const std::span<const Attribute>& attributes) {
    (*this)(attributes.size());
    for (const Attribute& one : attributes) {
      (*this)(one.name);
      (*this)(one.value);
    }
  }
  // As they are kept elsewhere, in a value of their own.
  void operator()(const LogProgress& log) { sized(&append_log_progress, log); }
  void operator()(const DeadLetter& letter) { sized(&append_dead_letter, letter); }
  void operator()(const QueuedEffect& effect) { sized(&append_queued_effect, effect); }

  template <class T, class Each>
  void list(const std::vector<T>& all, Each each) {
    (*this)(all.size());
    for (const T& one : all) each(one);
  }
  template <class T, class Each>
  void optional(const std::optional<T>& one, Each each) {
    (*this)(one.has_value());
    if (one) each(*one);
  }

 private:
  template <class T>
  void sized(void (*append)(std::string&, const T&), const T& value) {
    std::string bytes;
    append(bytes, value);
    append_sized(out_, bytes);
  }

  std::string& out_;
};

class Reader {
 public:
  template <class T>
  using Of = T;

  explicit Reader(Kept& kept) : kept_(kept), bytes_(kept.bytes) {}

  bool whole() const { return readable_ && bytes_.ok() && bytes_.rest().empty(); }

  template <class T>
    requires std::is_integral_v<T> || std::is_enum_v<T>
  void operator()(T& value) {
    value = static_cast<T>(bytes_.big_endian<std::uint64_t>());
  }
  void operator()(std::string& text) { text = bytes_.sized(); }
  void operator()(std::string_view& text) { text = bytes_.sized(); }
  void operator()(const Aggregate*& aggregate) {
    bool there = false;
    (*this)(there);
    if (!there) return;
    auto read = read_aggregate(bytes_);
    readable_ = readable_ && read.has_value();
    if (read) aggregate = &kept_.aggregates.emplace_back(std::move(*read));
  }
  void operator()(std::span<const Attribute>& attributes) {
    auto& all = kept_.extensions.emplace_back();
    each_of_count([&] {
      Attribute& one = all.emplace_back();
      (*this)(one.name);
      (*this)(one.value);
    });
    attributes = all;
  }
  void operator()(LogProgress& log) { sized(&read_log_progress, log); }
  void operator()(DeadLetter& letter) { sized(&read_dead_letter, letter); }
  void operator()(QueuedEffect& effect) { sized(&read_queued_effect, effect); }

  template <class T, class Each>
  void list(std::vector<T>& all, Each each) {
    each_of_count([&] { each(all.emplace_back()); });
  }
  template <class T, class Each>
  void optional(std::optional<T>& one, Each each) {
    bool there = false;
    (*this)(there);
    if (there) each(one.emplace());
  }

 private:
  // A count that cannot be true ends where the bytes do.
  template <class Each>
  void each_of_count(Each each) {
    const auto count = bytes_.big_endian<std::uint64_t>();
    for (std::uint64_t i = 0; i < count && bytes_.ok() && readable_; ++i) each();
  }
  template <class T>
  void sized(std::optional<T> (*read)(std::string_view), T& value) {
    auto made = read(bytes_.sized());
    readable_ = readable_ && made.has_value();
    if (made) value = std::move(*made);
  }

  Kept& kept_;
  ByteReader bytes_;
  bool readable_ = true;
};

template <class Code, class Row>
void code_row(Code& code, Row& row) {
  code(row.table.value);
  code(row.kind);
  code(row.merge);
  code(row.operand);
  code(row.time.value);
  code(row.expires.value);
  code(row.key);
  code(row.data);
  code.optional(row.window, [&](auto& window) {
    code(window.start.value);
    code(window.end.value);
    code(window.announced);
    code(window.removed);
  });
  code(row.aggregate);
}

template <class Code, class Record>
void code_append(Code& code, Record& record) {
  code(record.stream.value);
  code(record.partition.value);
  code(record.deliver_at.value);
  code(record.time.value);
  code(record.id);
  code(record.source);
  code(record.type);
  code(record.subject);
  code(record.key);
  code(record.group);
  code(record.content_type);
  code(record.data);
  code(record.extensions);
}

template <class Code>
void code_part(Code& code, typename Code::template Of<CommitPart>& part) {
  code(part.pipeline.value);
  code.list(part.rows, [&](auto& row) { code_row(code, row); });
  code.list(part.logs, [&](auto& log) {
    code(log);
    code(log.partition.value);
  });
  code.list(part.objects, [&](auto& object) {
    code(object.subject);
    code(object.version);
  });
  code.list(part.settled_ids, [&](auto& id) {
    code(id.high);
    code(id.low);
  });
  code.list(part.dead_letters, [&](auto& letter) {
    code(letter);
    code(letter.number);
  });
  code.list(part.replayed, [&](auto& number) { code(number); });
  code.list(part.queued, [&](auto& effect) {
    code(effect);
    code(effect.outbox.value);
  });
  code.list(part.delivered, [&](auto& delivered) {
    code(delivered.first.value);
    code(delivered.second);
  });
  code.list(part.appended, [&](auto& record) { code_append(code, record); });
  code.list(part.removed, [&](auto& removal) {
    code(removal.stream.value);
    code(removal.partition.value);
    code(removal.number);
    code(removal.bytes);
  });
  code.list(part.trimmed, [&](auto& trim) {
    code(trim.stream.value);
    code(trim.partition.value);
    code(trim.first);
    code.optional(trim.bytes_before, [&](auto& bytes) { code(bytes); });
  });
  code.list(part.windows_over, [&](auto& over) {
    code(over.table.value);
    code(over.closed.value);
    code(over.removed.value);
  });
}

}  // namespace

void append_intent(std::string& out, const Intent& intent) {
  append_byte(out, version);
  Writer code(out);
  code(intent.sink);
  code(intent.number);
  code(intent.since.value);
  code_part(code, *intent.part);
}

std::optional<Intent> read_intent(std::string value) {
  if (value.empty() || static_cast<std::uint8_t>(value.front()) != version) return std::nullopt;
  auto kept = std::make_shared<Kept>();
  kept->bytes = value.substr(1);
  Reader code(*kept);
  Intent intent;
  code(intent.sink);
  code(intent.number);
  code(intent.since.value);
  code_part(code, kept->part);
  if (!code.whole()) return std::nullopt;
  intent.part = std::shared_ptr<const CommitPart>(kept, &kept->part);
  return intent;
}

}  // namespace tidemill::state
