/* What of lwIP the peer is built with: every PPP protocol it has, and TCP wide enough for a bulk transfer. */
#ifndef PEER_LWIPOPTS_H
#define PEER_LWIPOPTS_H
#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_SOCKET 0
#define LWIP_NETCONN 0
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 1
#define MEM_ALIGNMENT 8

#define LWIP_IPV6 1
#define IPV6_FRAG_COPYHEADER 1
#define LWIP_ICMP 1
#define LWIP_DNS 1

#define LWIP_TCP 1
#define TCP_MSS 1360
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 2
#define TCP_WND (96 * TCP_MSS)
#define TCP_SND_BUF (48 * TCP_MSS)
#define TCP_SND_QUEUELEN 256
#define MEMP_NUM_TCP_SEG 512
#define PBUF_POOL_SIZE 512
#define TCP_QUEUE_OOSEQ 1

#define PPP_SUPPORT 1
#define PPPOS_SUPPORT 1
#define PPPOE_SUPPORT 1
#define PPPOL2TP_SUPPORT 1
#define PPPOL2TP_AUTH_SUPPORT 1
#define PPP_SERVER 1
#define PAP_SUPPORT 1
#define CHAP_SUPPORT 1
#define MSCHAP_SUPPORT 1
#define EAP_SUPPORT 1
#define CCP_SUPPORT 1
#define MPPE_SUPPORT 1
#define VJ_SUPPORT 1
#define PPP_IPV4_SUPPORT 1
#define PPP_IPV6_SUPPORT 1
#define LCP_ECHOINTERVAL 5

#define LWIP_DEBUG 1
#define PPP_DEBUG LWIP_DBG_ON
#define PRINTPKT_SUPPORT 1
#define PPP_PROTOCOLNAME 1
#endif
