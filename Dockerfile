# One static binary and the certificates to trust, for a user without rights on a root that can be read-only:
# state lasts in the volume /var/lib/postern, large bodies pass through /tmp.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=devel
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X github.com/postern-mail/postern/app.version=${VERSION}" -o /out/postern ./cmd/postern \
 && mkdir -p /out/state

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/postern /postern
COPY --from=build --chown=65532:65532 /out/state /var/lib/postern
USER 65532:65532
EXPOSE 8890
VOLUME /var/lib/postern
HEALTHCHECK --interval=10s --timeout=6s --start-period=10s CMD ["/postern", "health"]
ENTRYPOINT ["/postern"]
CMD ["serve"]
