#include "bench/amqp/bare.h"

#include <fmt/format.h>

#include "bench/measure/child_process.h"

namespace tidemill::bench {

void run_bare(const Login& login, std::uint64_t count) {
  const Session session(login);
  amqp_connection_state_t const connection = session.get();
  amqp_basic_qos(connection, 1, 0, prefetch, 0);
  session.check("a prefetch");
  amqp_basic_consume(connection, 1, amqp_cstring_bytes(queue), amqp_empty_bytes, 0, 0, 0,
                     amqp_empty_table);
  session.check("a consumer");
  double began = 0;
  std::uint64_t bytes = 0;
  for (std::uint64_t n = 0; n < count; ++n) {
    amqp_maybe_release_buffers(connection);
    amqp_envelope_t envelope;
    const auto got = amqp_consume_message(connection, &envelope, nullptr, 0);
    require(got.reply_type == AMQP_RESPONSE_NORMAL, "no message comes");
    if (n == 0) began = wall_seconds();
    bytes += envelope.message.body.len;
    require(amqp_basic_ack(connection, 1, envelope.delivery_tag, 0) == 0, "cannot acknowledge");
    amqp_destroy_envelope(&envelope);
  }
  require(bytes > 0, "the messages are empty");
  fmt::print("{:.6f}\n", wall_seconds() - began);
  amqp_connection_close(connection, AMQP_REPLY_SUCCESS);  // With what is not sent yet.
}

}  // namespace tidemill::bench
