// Everything a native function in C++ needs: one header, standard library only.
//
//     #include <tidemill/function.h>
//
//     struct Hello {
//       struct Config { std::string greeting = "hello"; };
//       static tidemill::ConfigSpec<Config> spec();
//       static tidemill::FunctionInfo info();
//       explicit Hello(Config config);
//       tidemill::Response handle(const tidemill::Batch& batch, tidemill::Context& context);
//     };
//     TIDEMILL_FUNCTION(Hello)
//
// A function is stateless: everything it may know is in the batch, everything it wants done is in
// the response. It opens no connection and writes no file; the engine carries the effects out, and
// repeats an invocation whenever a crash leaves it unsure. An exception that leaves handle() fails
// the whole batch with its what(). An instance serves one invocation at a time, unless it declares
// TIDEMILL_THREAD_SAFE. Batch and Context are for the thread that handle() was called on; only
// Context::expired() may be asked from others. A member `void cancel()`, where there is one, is
// called from another thread to hurry a running handle() up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <memory_resource>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tidemill/config_spec.h"
#include "tidemill/effect_kind.h"
#include "tidemill/function_abi.h"
#include "tidemill/result.h"

namespace tidemill {

struct Output {
  std::string_view name;
  OutputKind kind;
  std::string_view doc;
  bool optional = false;  ///< A pipeline may leave it without a sink: what goes there is dropped.
};

/// What a function declares of itself. `flags` are those of function_abi.h.
struct FunctionInfo {
  std::string_view name;
  std::string_view summary;
  std::vector<Output> outputs;
  std::uint32_t flags = 0;
  std::string_view version = {};
};

namespace abi {
inline std::string_view text(tidemill_slice s) { return {s.data, s.size}; }
inline tidemill_slice slice(std::string_view t) { return {t.data(), t.size()}; }

/// Charges what a response holds to the engine's budget for this invocation.
class HostMemory final : public std::pmr::memory_resource {
 public:
  HostMemory(const tidemill_host* host, void* context) : host_(host), context_(context) {}

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    void* memory = host_->allocate(context_, bytes, alignment);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
  }
  void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
    host_->deallocate(context_, memory, bytes, alignment);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  const tidemill_host* host_;
  void* context_;
};
}  // namespace abi

/// Bytes that stay alive until the response has been carried out, because they belong to the
/// request. A response takes them without a copy.
class RequestView : public std::string_view {
 public:
  explicit RequestView(tidemill_slice s) : std::string_view(s.data, s.size) {}
};

/// One event of the batch. Cheap to copy; valid while handle() runs.
class EventView {
 public:
  EventView(const tidemill_request* request, std::size_t index)
      : request_(request), index_(index) {}

  /// The identity of the event. Built by the engine when first asked for, unless its source gave
  /// one.
  RequestView id() const {
    if (raw().id.size != 0) return RequestView(raw().id);
    return RequestView(request_->host->event_id(request_->host_context, index_));
  }
  RequestView source() const { return RequestView(raw().source); }
  RequestView type() const { return RequestView(raw().type); }
  RequestView subject() const { return RequestView(raw().subject); }
  RequestView content_type() const { return RequestView(raw().content_type); }
  RequestView key() const { return RequestView(raw().key); }
  RequestView data() const { return RequestView(raw().data); }
  std::uint64_t time_us() const { return raw().time_us; }
  std::uint64_t object_bytes() const { return raw().object_bytes; }
  std::size_t index() const { return index_; }

  /// An extension attribute; empty when absent.
  std::string_view extension(std::string_view name) const {
    const tidemill_event& e = raw();
    for (std::uint32_t i = 0; i < e.extension_count; ++i)
      if (abi::text(e.extensions[i].name) == name) return abi::text(e.extensions[i].value);
    return {};
  }

  /// Reads the object this event is about, whole; the bytes live until release_object() or until
  /// handle() returns. Errors: transient, bad_event (gone, or larger than `bytes_max`).
  Result<std::string_view> read_object(std::uint64_t bytes_max) const {
    tidemill_slice bytes{}, error{};
    const auto status =
        request_->host->read_object(request_->host_context, index_, bytes_max, &bytes, &error);
    if (status == TIDEMILL_OK) return abi::text(bytes);
    return fail(status == TIDEMILL_RETRY ? Fault::transient : Fault::bad_event,
                std::string(abi::text(error)));
  }
  void release_object() const { request_->host->release_object(request_->host_context, index_); }

 private:
  const tidemill_event& raw() const {
    const auto* first = reinterpret_cast<const char*>(request_->events);
    return *reinterpret_cast<const tidemill_event*>(first + index_ * request_->event_stride);
  }

  const tidemill_request* request_;
  std::size_t index_;
};

/// The events of one invocation, in order.
class Batch {
 public:
  explicit Batch(const tidemill_request* request) : request_(request) {}

  class Iterator {
   public:
    Iterator(const tidemill_request* request, std::size_t index)
        : request_(request), index_(index) {}
    EventView operator*() const { return EventView(request_, index_); }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const tidemill_request* request_;
    std::size_t index_;
  };

  std::size_t size() const { return request_->event_count; }
  EventView operator[](std::size_t index) const { return EventView(request_, index); }
  Iterator begin() const { return {request_, 0}; }
  Iterator end() const { return {request_, size()}; }

 private:
  const tidemill_request* request_;
};

/// A table as it was when the row is read; read-only. Writing goes through the response.
class Table {
 public:
  Table(const tidemill_request* request, std::string_view name) : request_(request), name_(name) {}

  /// The row under `key`, or nothing. The value lives until handle() returns. Errors: transient.
  Result<std::optional<std::string_view>> get(std::string_view key) const {
    tidemill_slice value{}, error{};
    int found = 0;
    const auto status = request_->host->read_row(request_->host_context, abi::slice(name_),
                                                 abi::slice(key), &value, &found, &error);
    if (status != TIDEMILL_OK) return fail(Fault::transient, std::string(abi::text(error)));
    if (found == 0) return std::optional<std::string_view>{};
    return std::optional(abi::text(value));
  }

  struct Row {
    std::string_view key;
    std::string_view value;
  };

  /// Rows in byte order of their keys, and whether there are more behind them.
  struct Page {
    std::vector<Row> rows;
    bool more = false;
  };

  struct Scan {
    std::string_view prefix = {};       ///< Keys that begin so,
    std::string_view after = {};        ///< behind this one;
    std::uint32_t rows_max = 1000;      ///< so many of them,
    std::uint64_t bytes_max = 1 << 20;  ///< or of so many bytes.
    bool loose = false;  ///< They may have changed by the time that the effects commit.
  };

  /// The rows in order; they live until handle() returns. Whether one was changed meanwhile is
  /// judged as for get(), unless the scan is loose; whether one was added is not. Errors:
  /// transient.
  Result<Page> scan(const Scan& wanted) const {
    const auto* host = request_->host;
    if (host->size < offsetof(tidemill_host, scan_rows) + sizeof(host->scan_rows))
      return fail(Fault::transient, "this engine is too old to scan tables");
    const tidemill_scan scan{.size = sizeof(tidemill_scan),
                             .rows_max = wanted.rows_max,
                             .bytes_max = wanted.bytes_max,
                             .table = abi::slice(name_),
                             .prefix = abi::slice(wanted.prefix),
                             .after = abi::slice(wanted.after),
                             .flags = wanted.loose ? TIDEMILL_SCAN_LOOSE : 0,
                             .reserved = 0};
    const tidemill_row* rows = nullptr;
    std::size_t count = 0;
    int more = 0;
    tidemill_slice error{};
    const auto status =
        host->scan_rows(request_->host_context, &scan, &rows, &count, &more, &error);
    if (status != TIDEMILL_OK) return fail(Fault::transient, std::string(abi::text(error)));
    Page page;
    page.more = more != 0;
    for (std::size_t i = 0; i < count; ++i)
      page.rows.push_back({abi::text(rows[i].key), abi::text(rows[i].value)});
    return page;
  }

 private:
  const tidemill_request* request_;
  std::string_view name_;
};

/// What an invocation is told besides its events, and what it may ask.
class Context {
 public:
  explicit Context(const tidemill_request* request)
      : request_(request), memory_(request->host, request->host_context) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  std::string_view request_id() const { return abi::text(request_->request_id); }
  std::string_view function_version() const { return abi::text(request_->function_version); }
  std::uint32_t attempt() const { return request_->attempt; }
  std::uint64_t timeout_us() const { return request_->timeout_us; }
  std::uint64_t seed() const { return request_->seed; }

  /// True once the deadline has passed: long work should look now and then, and return.
  bool expired() const { return request_->host->expired(request_->host_context) != 0; }

  void log(std::uint32_t level, std::string_view sentence) const {
    request_->host->log(request_->host_context, level, abi::slice(sentence));
  }

  /// `name` must outlive the table: a literal, most often.
  Table table(std::string_view name) const { return Table(request_, name); }

 private:
  friend class Response;
  const tidemill_request* request_;
  abi::HostMemory memory_;
};

/// What an object carries besides its bytes.
struct ObjectOptions {
  std::string_view content_type = "application/octet-stream";
  std::span<const std::pair<std::string, std::string>> metadata = {};
};

/// What a function wants done. Each effect belongs to the event that caused it: when that event
/// fails, its effects are dropped. `output` is the index of a declared output.
///
/// Text is copied into memory that the engine accounts for, except a RequestView, which is taken
/// as it is.
class Response {
 public:
  /// The engine keeps `context` for as long as the response.
  explicit Response(Context& context)
      : arena_(std::make_unique<Arena>(&context.memory_)),
        effects_(&context.memory_),
        failures_(&context.memory_),
        effects_expected_(context.request_->event_count) {}

  template <class Key, class Data>
  void put_object(const EventView& cause, std::uint32_t output, const Key& key, const Data& data,
                  const ObjectOptions& options = {}) {
    auto& effect = add(cause, output, TIDEMILL_PUT_OBJECT, keep(key), keep(data));
    effect.content_type = keep(options.content_type);
    keep_pairs(effect, options.metadata);
  }

  template <class Key>
  void delete_object(const EventView& cause, std::uint32_t output, const Key& key) {
    add(cause, output, TIDEMILL_DELETE_OBJECT, keep(key), {});
  }

  template <class Key, class Data>
  void put_row(const EventView& cause, std::uint32_t output, const Key& key, const Data& data) {
    add(cause, output, TIDEMILL_PUT_ROW, keep(key), keep(data));
  }

  template <class Key>
  void delete_row(const EventView& cause, std::uint32_t output, const Key& key) {
    add(cause, output, TIDEMILL_DELETE_ROW, keep(key), {});
  }

  template <class Key>
  void merge_row(const EventView& cause, std::uint32_t output, const Key& key, MergeKind kind,
                 std::int64_t operand) {
    auto& effect = add(cause, output, TIDEMILL_MERGE_ROW, keep(key), {});
    effect.merge = static_cast<std::uint32_t>(kind);
    effect.operand = operand;
  }

  template <class Key, class Data>
  void publish(const EventView& cause, std::uint32_t output, const Key& key, const Data& data,
               std::string_view content_type = "application/json") {
    auto& effect = add(cause, output, TIDEMILL_MESSAGE, keep(key), keep(data));
    effect.content_type = keep(content_type);
  }

  /// Answers whoever sent this event and waits for it, once its other effects are durable; the
  /// last counts. Without effect where nobody waits. `status` is HTTP's, 200 to 599.
  template <class Data>
  void reply(const EventView& cause, unsigned status, const Data& data,
             std::string_view content_type = "application/json",
             std::span<const std::pair<std::string, std::string>> headers = {}) {
    auto& effect = add(cause, 0, TIDEMILL_REPLY, {}, keep(data));
    effect.operand = status;
    effect.content_type = keep(content_type);
    keep_pairs(effect, headers);
  }

  /// This event failed; the others stand. bad_event goes to the dead letters at once, anything
  /// else is tried again.
  void fail_event(const EventView& event, Fault fault, std::string_view reason) {
    failures_.push_back({.size = sizeof(tidemill_failure),
                         .fault = fault == Fault::bad_event ? TIDEMILL_BAD_EVENT : TIDEMILL_RETRY,
                         .event_index = static_cast<std::uint32_t>(event.index()),
                         .reserved = 0,
                         .reason = keep(reason)});
  }
  void fail_event(const EventView& event, const Error& error) {
    fail_event(event, error.fault, error.message);
  }

  /// The batch failed as a whole.
  void fail_batch(Fault fault, std::string_view reason) {
    status_ = fault == Fault::bad_event ? TIDEMILL_BAD_EVENT : TIDEMILL_RETRY;
    reason_ = keep(reason);
  }

  tidemill_response raw() const {
    return {.size = sizeof(tidemill_response),
            .status = status_,
            .reason = reason_,
            .effects = effects_.data(),
            .effect_count = effects_.size(),
            .effect_stride = sizeof(tidemill_effect),
            .failures = failures_.data(),
            .failure_count = failures_.size(),
            .failure_stride = sizeof(tidemill_failure)};
  }

 private:
  struct Arena {
    explicit Arena(std::pmr::memory_resource* upstream) : pool(upstream) {}
    template <class T>
    T* allocate(std::size_t count) {
      return static_cast<T*>(pool.allocate(count * sizeof(T), alignof(T)));
    }
    std::pmr::monotonic_buffer_resource pool;
  };

  tidemill_slice keep(const RequestView& view) { return {view.data(), view.size()}; }
  tidemill_slice keep(std::string_view text) {
    if (text.empty()) return {};
    auto* copy = arena_->allocate<char>(text.size());
    text.copy(copy, text.size());
    return {copy, text.size()};
  }

  void keep_pairs(tidemill_effect& effect,
                  std::span<const std::pair<std::string, std::string>> metadata) {
    if (metadata.empty()) return;
    effect.metadata_count = static_cast<std::uint32_t>(metadata.size());
    auto* pairs = arena_->allocate<tidemill_pair>(metadata.size());
    for (std::size_t i = 0; i < metadata.size(); ++i)
      pairs[i] = {keep(metadata[i].first), keep(metadata[i].second)};
    effect.metadata = pairs;
  }

  tidemill_effect& add(const EventView& cause, std::uint32_t output, std::uint32_t kind,
                       tidemill_slice key, tidemill_slice data) {
    // One effect per event is the common case; it then takes one allocation.
    if (effects_.empty()) effects_.reserve(effects_expected_);
    return effects_.emplace_back(
        tidemill_effect{.size = sizeof(tidemill_effect),
                        .kind = kind,
                        .event_index = static_cast<std::uint32_t>(cause.index()),
                        .output = output,
                        .merge = 0,
                        .metadata_count = 0,
                        .operand = 0,
                        .key = key,
                        .content_type = {},
                        .data = data,
                        .metadata = nullptr});
  }

  std::unique_ptr<Arena> arena_;
  std::pmr::vector<tidemill_effect> effects_;
  std::pmr::vector<tidemill_failure> failures_;
  std::size_t effects_expected_;
  std::uint32_t status_ = TIDEMILL_OK;
  tidemill_slice reason_{};
};

}  // namespace tidemill

#include "tidemill/function_adapter.h"

/// Exports `Class` as this shared object's function. Once per shared object, at namespace scope.
#define TIDEMILL_FUNCTION(Class)                                               \
  extern "C" TIDEMILL_EXPORT const tidemill_function* tidemill_function_entry( \
      std::uint32_t abi_major) {                                               \
    return ::tidemill::abi::Adapter<Class>::entry(abi_major);                  \
  }
