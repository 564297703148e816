// TestCertificate: a certificate that a test makes for itself, and that vouches for itself.
#pragma once

#include <string>

namespace tidemill::testing {

/// Writes FOLDER/cert.pem and FOLDER/key.pem, for names as OpenSSL's subjectAltName takes them. A
/// failure ends the process.
struct TestCertificate {
  explicit TestCertificate(const std::string& folder,
                           const std::string& names = "DNS:localhost,IP:127.0.0.1");

  std::string certificate;
  std::string key;
};

}  // namespace tidemill::testing
