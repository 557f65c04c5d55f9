import { createApp } from './app.js'

const { AUTH_TOKEN = '', PUBLIC_URL = 'http://127.0.0.1:3000', PORT = '3000' } = process.env

createApp({ authToken: AUTH_TOKEN, publicUrl: PUBLIC_URL, menu: `${PUBLIC_URL}/menu.wav` }).listen(
  Number(PORT),
  () => {
    console.log(`asked at ${PUBLIC_URL}/voice`)
  },
)
