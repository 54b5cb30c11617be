/**
 * A certificate that signed itself, good until 2126, for receiver.test, localhost and 127.0.0.1, with its key: for servers in
 * tests alone. Who connects to one trusts it by tls.setDefaultCACertificates in the test's own process.
 */
export const TEST_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgra6DIt6JuQbqWpUu
14BrZM0dWKVylAB4bHolpyTVGUKhRANCAAQui8s1+l04dl9sS/JuVndqs1GhOpZx
h4SykyeK7xzMzj7uFhYqxge+L2UXsca7oIQ2jgV8wbsAKb137km7gxqh
-----END PRIVATE KEY-----`

export const TEST_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBsjCCAVigAwIBAgIUF4sVxGhnauQnXb6OSj/gs3Y8qWEwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNcmVjZWl2ZXIudGVzdDAgFw0yNjExMjIwMzA1MDVaGA8yMTI2
MTAyOTAzMDUwNVowGDEWMBQGA1UEAwwNcmVjZWl2ZXIudGVzdDBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABC6LyzX6XTh2X2xL8m5Wd2qzUaE6lnGHhLKTJ4rvHMzO
Pu4WFirGB74vZRexxrughDaOBXzBuwApvXfuSbuDGqGjfjB8MB0GA1UdDgQWBBTR
2KTPNmrIVnCpiIdan7ima/9GlzAfBgNVHSMEGDAWgBTR2KTPNmrIVnCpiIdan7im
a/9GlzApBgNVHREEIjAggg1yZWNlaXZlci50ZXN0gglsb2NhbGhvc3SHBH8AAAEw
DwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAtJ3bXGev1leM2Z9h
gv6GobIGzCDwIA+Q1Yv90QPsCQACICMJKEUgT+L9e5k3dsyql1CZVOyHD82t/atl
GlIt71VT
-----END CERTIFICATE-----`
