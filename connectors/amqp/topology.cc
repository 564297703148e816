#include "topology.h"

#include <array>

namespace tidemill::amqp {
namespace {

amqp_table_entry_t entry(std::string_view name, std::string_view value) {
  amqp_table_entry_t made{};
  made.key = bytes_of(name);
  made.value.kind = AMQP_FIELD_KIND_UTF8;
  made.value.value.bytes = bytes_of(value);
  return made;
}

}  // namespace

Task<Result<std::uint32_t>> count_ready(Connection& connection, const std::string& queue) {
  amqp_queue_declare_t fields{};
  fields.queue = bytes_of(queue);
  fields.passive = 1;
  const auto answer =
      co_await connection.call(AMQP_QUEUE_DECLARE_METHOD, fields, AMQP_QUEUE_DECLARE_OK_METHOD);
  if (!answer) co_return std::unexpected(answer.error());
  Pool pool;
  const auto* const found =
      pool.read<amqp_queue_declare_ok_t>(AMQP_QUEUE_DECLARE_OK_METHOD, *answer);
  if (found == nullptr) co_return fail(Fault::unavailable, "the broker's answer is broken");
  co_return found->message_count;
}

Task<Result<>> declare(Connection& connection, const std::string& queue,
                       const DeclareOptions& options) {
  std::array<amqp_table_entry_t, 4> entries;
  int count = 0;
  const auto add = [&](const amqp_table_entry_t& one) {
    entries[static_cast<std::size_t>(count++)] = one;
  };
  add(entry("x-queue-type", options.type == QueueType::quorum ? "quorum" : "classic"));
  if (!options.dead_letter_exchange.empty())
    add(entry("x-dead-letter-exchange", options.dead_letter_exchange));
  if (!options.dead_letter_routing_key.empty())
    add(entry("x-dead-letter-routing-key", options.dead_letter_routing_key));
  if (options.delivery_limit) {
    amqp_table_entry_t limit{};
    limit.key = bytes_of("x-delivery-limit");
    limit.value.kind = AMQP_FIELD_KIND_I64;
    limit.value.value.i64 = *options.delivery_limit;
    add(limit);
  }
  amqp_queue_declare_t fields{};
  fields.queue = bytes_of(queue);
  fields.durable = 1;
  fields.arguments = {count, entries.data()};
  const auto declared =
      co_await connection.call(AMQP_QUEUE_DECLARE_METHOD, fields, AMQP_QUEUE_DECLARE_OK_METHOD);
  if (!declared) co_return std::unexpected(declared.error());
  for (const std::string& binding : options.bindings) {
    const auto colon = binding.find(':');
    const std::string exchange = binding.substr(0, colon);
    const std::string routing_key = binding.substr(colon + 1);
    amqp_queue_bind_t bind{};
    bind.queue = bytes_of(queue);
    bind.exchange = bytes_of(exchange);
    bind.routing_key = bytes_of(routing_key);
    const auto bound =
        co_await connection.call(AMQP_QUEUE_BIND_METHOD, bind, AMQP_QUEUE_BIND_OK_METHOD);
    if (!bound) co_return std::unexpected(bound.error());
  }
  co_return Result<>();
}

Task<Result<>> find_exchange(Connection& connection, const std::string& exchange) {
  amqp_exchange_declare_t fields{};
  fields.exchange = bytes_of(exchange);
  fields.type = bytes_of("direct");  // Not looked at where nothing is made.
  fields.passive = 1;
  const auto found = co_await connection.call(AMQP_EXCHANGE_DECLARE_METHOD, fields,
                                              AMQP_EXCHANGE_DECLARE_OK_METHOD);
  if (!found) co_return std::unexpected(found.error());
  co_return Result<>();
}

}  // namespace tidemill::amqp
