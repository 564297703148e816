// TlsOptions and AuthOptions: how connectors that reach a server declare `tls:` and `auth:`, so
// that both are written alike everywhere.
//
//     connections:
//       main:
//         kafka:
//           brokers: kafka:9093
//           tls: { ca: certs/ca.pem }
//           auth: { mechanism: scram-sha-512, username: tide, password: ${KAFKA_PASSWORD} }
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "tidemill/config_spec.h"

namespace tidemill {

struct TlsOptions {
  std::optional<bool> enabled;
  std::optional<FilePath> ca, cert, key;
  std::optional<Secret> key_password;
  bool verify = true;

  bool on() const { return enabled.value_or(ca || cert || key || !verify); }
};

inline ConfigSpec<TlsOptions> tls_spec() {
  return ConfigSpec<TlsOptions>("Encryption, and who both sides are.")
      .field("enabled", &TlsOptions::enabled,
             "Encrypts the connection; true by itself where another option of tls is given.")
      .field("ca", &TlsOptions::ca,
             "Certificates (PEM) of the authorities to believe, instead of the system's.")
      .field("cert", &TlsOptions::cert, "Certificate (PEM) to show to the server.")
      .field("key", &TlsOptions::key, "Private key (PEM) of that certificate.")
      .field("key_password", &TlsOptions::key_password, "What the private key is encrypted with.")
      .field("verify", &TlsOptions::verify,
             "Believes only servers whose certificate and name are right.")
      .check("tls.cert and tls.key belong together: give both or neither",
             [](const TlsOptions& t) { return t.cert.has_value() == t.key.has_value(); })
      .check("tls.enabled: false contradicts the other options of tls; remove one of them",
             [](const TlsOptions& t) {
               return t.enabled.value_or(true) || !(t.ca || t.cert || t.key || !t.verify);
             });
}

enum class AuthMechanism { none, plain, scram_sha_256, scram_sha_512 };

struct AuthOptions {
  AuthMechanism mechanism = AuthMechanism::none;
  std::string username;
  Secret password;
};

inline ConfigSpec<AuthOptions> auth_spec() {
  return ConfigSpec<AuthOptions>("A login with a name and a password.")
      .choice("mechanism", &AuthOptions::mechanism, "How the password is proved to the server.",
              {{"none", AuthMechanism::none},
               {"plain", AuthMechanism::plain},
               {"scram-sha-256", AuthMechanism::scram_sha_256},
               {"scram-sha-512", AuthMechanism::scram_sha_512}})
      .field("username", &AuthOptions::username, "The name of the login.")
      .field("password", &AuthOptions::password, "Its password.")
      .check("auth needs mechanism, username and password", [](const AuthOptions& a) {
        const bool any = !a.username.empty() || !a.password.value.empty();
        const bool all = !a.username.empty() && !a.password.value.empty();
        return a.mechanism == AuthMechanism::none ? !any : all;
      });
}

}  // namespace tidemill
