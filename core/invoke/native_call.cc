#include "core/invoke/native_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <new>
#include <utility>

namespace tidemill {
namespace {

constexpr std::size_t id_block_bytes = 64 * 1024;

tidemill_slice slice(std::string_view text) { return {text.data(), text.size()}; }

std::string_view text(tidemill_slice s) {
  return s.data == nullptr ? std::string_view() : std::string_view(s.data, s.size);
}

std::uint32_t status_of(Fault fault) {
  return fault == Fault::bad_event ? TIDEMILL_BAD_EVENT : TIDEMILL_RETRY;
}

LogLevel level_of(std::uint32_t level) {
  return static_cast<LogLevel>(std::min(level, TIDEMILL_LOG_ERROR));
}

}  // namespace

// The functions of tidemill_host. They are noexcept: what the engine throws must not cross into
// foreign code.
struct NativeCall::Callbacks {
  static NativeCall& of(void* context) { return *static_cast<NativeCall*>(context); }

  static void* allocate(void* context, std::size_t bytes, std::size_t alignment) noexcept {
    NativeCall& call = of(context);
    if (!std::has_single_bit(alignment)) return nullptr;
    if (bytes > call.host_.memory_bytes_max - call.bytes_held_) {
      call.memory_refused_ = true;
      return nullptr;
    }
    void* memory = call.memory_.allocate(bytes, alignment);
    if (memory != nullptr) call.bytes_held_ += bytes;
    return memory;
  }

  static void deallocate(void* context, void* memory, std::size_t bytes,
                         std::size_t alignment) noexcept {
    if (memory == nullptr) return;
    NativeCall& call = of(context);
    call.bytes_held_ -= std::min<std::uint64_t>(bytes, call.bytes_held_);
    call.memory_.deallocate(memory, bytes, alignment);
  }

  static std::uint32_t read_object(void* context, std::size_t event_index, std::uint64_t bytes_max,
                                   tidemill_slice* bytes, tidemill_slice* error) noexcept {
    NativeCall& call = of(context);
    *bytes = {};
    *error = {};
    if (call.request_ == nullptr || event_index >= call.events_.size()) {
      *error = call.keep_error("there is no such event to read the object of");
      return TIDEMILL_BAD_EVENT;
    }
    auto object = call.object_of(event_index, bytes_max);
    if (!object) {
      *error = call.keep_error(std::move(object.error().message));
      return status_of(object.error().fault);
    }
    if (call.objects_.empty()) call.objects_.resize(call.events_.size());
    call.objects_[event_index] = std::move(*object);
    *bytes = slice(call.objects_[event_index].view());
    return TIDEMILL_OK;
  }

  static void release_object(void* context, std::size_t event_index) noexcept {
    NativeCall& call = of(context);
    if (event_index < call.objects_.size()) call.objects_[event_index] = Bytes();
  }

  static int expired(void* context) noexcept {
    const NativeCall& call = of(context);
    return call.cancelled_.load(std::memory_order_relaxed) || call.host_.now() >= call.deadline_;
  }

  static tidemill_slice event_id(void* context, std::size_t event_index) noexcept {
    NativeCall& call = of(context);
    if (call.request_ == nullptr || event_index >= call.events_.size()) return {};
    tidemill_slice& id = call.events_[event_index].id;
    if (id.size != 0) return id;
    const Event& event = call.identified(event_index);
    // A slash, an at sign and two numbers of at most 20 digits each.
    const std::size_t bytes_max = event.source.size() + event.origin.size() + event.subject.size() +
                                  event.version.size() + 42;
    if (call.ids_.empty() || call.ids_.back().capacity() - call.ids_.back().size() < bytes_max)
      call.ids_.emplace_back().reserve(std::max(bytes_max, id_block_bytes));
    std::string& block = call.ids_.back();
    const std::size_t start = block.size();
    append_event_id(block, event);
    id = slice(std::string_view(block).substr(start));
    return id;
  }

  static void log(void* context, std::uint32_t level, tidemill_slice sentence) noexcept {
    const NativeCall& call = of(context);
    call.host_.log->write(level_of(level),
                          fmt::format("{}: {}", call.host_.function, text(sentence)));
  }

  static std::uint32_t read_row(void* context, tidemill_slice table, tidemill_slice key,
                                tidemill_slice* value, int* found, tidemill_slice* error) noexcept {
    NativeCall& call = of(context);
    *value = {};
    *error = {};
    *found = 0;
    if (call.request_ == nullptr || !call.host_.read_row) {
      *error = call.keep_error("there is no table to read here");
      return TIDEMILL_RETRY;
    }
    if (call.reads_.size() >= reads_max) {
      *error = call.keep_error(std::string(too_many_reads));
      return TIDEMILL_RETRY;
    }
    auto row = call.host_.read_row(text(table), text(key), call.reads_);
    if (!row) {
      *error = call.keep_error(std::move(row.error().message));
      return status_of(row.error().fault);
    }
    if (!*row) return TIDEMILL_OK;
    *found = 1;
    *value = slice((*row)->view());
    call.rows_.push_back(std::move(**row));
    return TIDEMILL_OK;
  }

  static std::uint32_t scan_rows(void* context, const tidemill_scan* scan,
                                 const tidemill_row** rows, std::size_t* count, int* more,
                                 tidemill_slice* error) noexcept {
    NativeCall& call = of(context);
    *rows = nullptr;
    *count = 0;
    *more = 0;
    *error = {};
    if (call.request_ == nullptr || !call.host_.scan_rows) {
      *error = call.keep_error("there is no table to read here");
      return TIDEMILL_RETRY;
    }
    auto bytes = call.scan(*scan);
    auto page = bytes ? read_scan_page(bytes->view()) : std::nullopt;
    if (!page) {
      *error = call.keep_error(bytes ? std::string("what the scan found cannot be read")
                                     : std::move(bytes.error().message));
      return TIDEMILL_RETRY;
    }
    call.rows_.push_back(std::move(*bytes));
    const ScanPage& found = call.pages_.emplace_back(std::move(*page));
    *rows = found.rows.data();
    *count = found.rows.size();
    *more = found.more ? 1 : 0;
    return TIDEMILL_OK;
  }

  static constexpr tidemill_host host = {.size = sizeof(tidemill_host),
                                         .reserved = 0,
                                         .allocate = &allocate,
                                         .deallocate = &deallocate,
                                         .read_object = &read_object,
                                         .release_object = &release_object,
                                         .expired = &expired,
                                         .event_id = &event_id,
                                         .log = &log,
                                         .read_row = &read_row,
                                         .scan_rows = &scan_rows};
};

Result<Bytes> NativeCall::scan(const tidemill_scan& scan) {
  TableScan wanted{.table = text(scan.table),
                   .prefix = text(scan.prefix),
                   .after = text(scan.after),
                   .rows_max = scan.rows_max,
                   .bytes_max = scan.bytes_max,
                   .loose = (scan.flags & TIDEMILL_SCAN_LOOSE) != 0};
  if (auto fits = wanted.fit(reads_.size()); !fits) return std::unexpected(fits.error());
  return host_.scan_rows(wanted, reads_);
}

// The event; of a raw one as much as append_event_id() asks for, until the next is asked for.
const Event& NativeCall::identified(std::size_t event) {
  if (raw_events_ == nullptr) return request_->events[event];
  const RawEvents::Position& position = raw_events_->positions[event];
  identified_.partition = Partition(position.partition);
  identified_.offset = Offset(position.offset);
  identified_.version = text(position.version);
  identified_.source = text(events_[event].source);
  identified_.subject = text(events_[event].subject);
  return identified_;
}

const tidemill_request* NativeCall::begin(const Request& request, std::string_view function_version,
                                          const RawEvents* raw) {
  request_ = &request;
  raw_events_ = raw;
  deadline_ = host_.now() + request.timeout;
  cancelled_.store(false, std::memory_order_relaxed);
  memory_refused_ = false;
  reads_.clear();

  // A copy of those that are raw: event_id() writes into it.
  if (raw != nullptr)
    events_.assign(raw->events.begin(), raw->events.end());
  else
    fill(request.events);

  raw_ = {.size = sizeof(tidemill_request),
          .attempt = request.attempt,
          .timeout_us = static_cast<std::uint64_t>(request.timeout.count()),
          .seed = request.seed,
          .request_id = slice(request.request_id),
          .trace_parent = {},
          .function_version = slice(function_version),
          .events = events_.data(),
          .event_count = events_.size(),
          .event_stride = sizeof(tidemill_event),
          .host = &Callbacks::host,
          .host_context = this};
  return &raw_;
}

void NativeCall::fill(std::span<const Event> events) {
  std::size_t extension_count = 0;
  for (const Event& event : events) extension_count += event.extensions.size();
  // Events point into this: it must not grow while they are filled.
  extensions_.reserve(extension_count);
  events_.resize(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    const auto* extensions = extensions_.data() + extensions_.size();
    for (const Attribute& a : event.extensions)
      extensions_.push_back({slice(a.name), slice(a.value)});
    events_[i] = {.size = sizeof(tidemill_event),
                  .extension_count = static_cast<std::uint32_t>(event.extensions.size()),
                  .id = slice(event.id),
                  .source = slice(event.source),
                  .type = slice(event.type),
                  .subject = slice(event.subject),
                  .content_type = slice(event.content_type),
                  .key = slice(event.key),
                  .data = slice(event.data.view()),
                  .time_us = event.time.value,
                  .object_bytes = event.object_bytes,
                  .extensions = extensions};
  }
}

// No more than the function may hold, whatever it asks for; and that the engine may not have even
// this much must not end the process.
Result<Bytes> NativeCall::object_of(std::size_t event, std::uint64_t bytes_max) const {
  bytes_max = std::min(bytes_max, host_.memory_bytes_max);
  try {
    if (raw_events_ != nullptr) return raw_events_->read_object(event, bytes_max);
    if (!request_->read_object) return fail(Fault::bad_event, "this source has no objects to read");
    return request_->read_object(request_->events[event], bytes_max);
  } catch (const std::bad_alloc&) {
    return fail(Fault::transient, "there is no memory for the object");
  }
}

tidemill_slice NativeCall::keep_error(std::string sentence) {
  return slice(errors_.emplace_back(std::move(sentence)));
}

void NativeCall::end() {
  request_ = nullptr;
  objects_.clear();
  rows_.clear();
  pages_.clear();
}

std::uint64_t NativeCall::recycle() {
  extensions_.clear();
  errors_.clear();
  metadata_.clear();
  // One block is the warm state; a batch that needed more was an unusual one.
  if (ids_.size() > 1) ids_.resize(1);
  if (!ids_.empty()) ids_.front().clear();
  return std::exchange(bytes_held_, 0);
}

}  // namespace tidemill
